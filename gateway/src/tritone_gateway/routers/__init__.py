"""One module or package per API: each only translates between its protocol and the speech backend."""
