"""What tests stand on: databases of both engines, applications, a client that inspects pages."""
