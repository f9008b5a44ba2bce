"""A server that answers everything with markup, to see that reports do not run it.

Usage: hostile.py. Prints its port, listens on loopback, and goes on until it is ended.
"""

import socketserver

# In a page that runs it the root element gets the id; the source of the page never holds `owned`.
PAYLOAD = (
    b"</pre></code></details>"
    b"<script>document.documentElement.id='ow'+'ned'</script>"
    b"<img src=x onerror=\"document.documentElement.id='ow'+'ned'\">"
    b"<svg onload=\"document.documentElement.id='ow'+'ned'\">"
)


class Answer(socketserver.StreamRequestHandler):
    timeout = 10

    def handle(self):
        try:
            while line := self.rfile.readline(65536):
                if line in (b"\r\n", b"\n"):
                    break
            length = str(len(PAYLOAD)).encode()
            self.wfile.write(
                b"HTTP/1.1 404 " + PAYLOAD + b"\r\nX-Markup: " + PAYLOAD
                + b"\r\n" + PAYLOAD + b": 1\r\nContent-Length: " + length
                + b"\r\nConnection: close\r\n\r\n" + PAYLOAD
            )
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


with Server(("127.0.0.1", 0), Answer) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
