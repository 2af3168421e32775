"""The environment that sends each runtime's HTTPS through the proxy and makes it trust our CA."""
