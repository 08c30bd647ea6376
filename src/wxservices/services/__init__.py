"""The rules of each document.  No request, no response: call them from your own code or from the command line."""
