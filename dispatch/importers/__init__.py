"""What a city is told from files: the filing standard and the limits and policies of the steps."""
