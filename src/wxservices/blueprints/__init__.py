"""One blueprint for each document.  Import the one you mount: ``from wxservices.blueprints import traffic``."""
