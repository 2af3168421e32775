"""What sends each runtime's HTTPS through the proxy and makes it trust our certificate.

Knows the runtimes and no proxy. Start at `environment`.
"""
