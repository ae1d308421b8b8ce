"""Programs that print each measured figure beside its bar."""
