"""What the inspector's phone is given and sends: its pack, its ranking, its queue of a day."""
