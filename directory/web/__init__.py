"""The only Flask room, cut by audience."""
