"""What people do: plain functions that may flush and never commit."""
