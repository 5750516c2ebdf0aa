"""Editing the ground on the map: borders in a draft generation, grids and components at once."""
