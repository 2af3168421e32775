"""A recorded response as bytes on a connection, at its pace; no sockets and no clock.

Start at `answer` (what is said) and `server_connection` (HTTP/1.1 around it).
"""
