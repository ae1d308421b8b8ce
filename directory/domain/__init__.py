"""Rules of the field: pure, standard library only; time is always an argument."""
