"""Tables: ``common`` for what the services share, and one module for each document."""
