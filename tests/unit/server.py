#!/usr/bin/env python3
"""A server on the loopback that behaves as badly as the first segment of the path says; for tests of remote/.

usage: server.py FOLDER     serves FOLDER/NAME at /BEHAVIOUR/NAME, prints its port, and ends with its standard input
Each request is a line of FOLDER/requests: path, Range, If-Range, Authorization, Host, separated by tabs.
"""
import hashlib
import http.server
import json
import os
import sys
import threading

FOLDER = sys.argv[1]
seen = {}  # how often each path was asked for
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def do_GET(self):
        path, _, query = self.path.partition("?")
        with lock:
            seen[path] = seen.get(path, 0) + 1
            self.times = seen[path]
            names = ("Range", "If-Range", "Authorization", "Host")
            with open(os.path.join(FOLDER, "requests"), "a") as log:
                log.write("\t".join([path] + [self.headers.get(name, "-") for name in names]) + "\n")
        _, behaviour, *rest = path.split("/")
        self.rest = "/".join(rest)
        self.query = query
        try:
            getattr(self, "be_" + behaviour)()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    # ---- answers

    def file(self):
        with open(os.path.join(FOLDER, self.rest.split("/")[-1]), "rb") as f:
            return f.read()

    def answer(self, status, headers, body=b"", length=True):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def cut(self):
        """Ends the connection in the middle of an answer."""
        self.wfile.flush()
        self.close_connection = True

    def start(self):
        """The first byte that is asked for; 0 without Range."""
        value = self.headers.get("Range", "bytes=0-")
        return int(value.split("=")[1].rstrip("-"))

    def send(self, data, most=None, etag='"v1"', ranges=True, honest=True):
        """The file or the rest of it, at most so many bytes."""
        start = self.start() if ranges else 0
        if honest and self.headers.get("If-Range", etag) != etag:
            start = 0
        if start > 0 and start >= len(data):
            return self.answer(416, {"Content-Range": "bytes */%d" % len(data)})
        rest = data[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (start, len(data) - 1, len(data)))
        if etag:
            self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest if most is None else rest[:most])
        if most is not None and most < len(rest):
            self.cut()

    # ---- behaviours

    def be_plain(self):
        self.send(self.file())

    def be_breaks(self):
        self.send(self.file(), most=70000)

    def be_norange(self):
        data = self.file()
        self.send(data, most=len(data) // 2 if self.times == 1 else None, ranges=False)

    def be_stuck(self):
        data = self.file()
        self.send(data, most=len(data) // 2, ranges=False)

    def be_noetag(self):
        data = self.file()
        self.send(data, most=len(data) // 2 if self.times == 1 else None, etag=None)

    def be_changed(self):
        data = self.file()
        if self.times == 1:
            return self.send(b"GGUF" + bytes(len(data) - 4), most=len(data) // 2, etag='"v0"')
        self.send(data)

    def be_liar(self):
        """The same, but the server does not mind If-Range."""
        data = self.file()
        if self.times == 1:
            return self.send(b"GGUF" + bytes(len(data) - 4), most=len(data) // 2, etag='"v0"')
        self.send(data, honest=False)

    def be_long(self):
        data = self.file()
        start = self.start()
        if start >= len(data):
            return self.answer(416, {"Content-Range": "bytes */%d" % len(data)})
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (start, len(data) + 99, len(data) + 100))
        self.send_header("Content-Length", str(len(data) - start + 100))
        self.end_headers()
        self.wfile.write(data[start:])
        self.cut()

    def be_short(self):
        data = self.file()
        self.answer(200, {}, data[:len(data) - 100])

    def be_huge(self):
        self.send_response(200)
        self.send_header("Content-Length", str(10**17))
        self.end_headers()
        self.wfile.write(self.file())
        self.cut()

    def be_nolength(self):
        self.close_connection = True
        self.answer(200, {"Connection": "close"}, self.file(), length=False)

    def be_chunked(self):
        data = self.file()
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))

    def be_endless(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        piece = b"GGUF" + bytes(65532)
        while True:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def be_beyond(self):
        """No range is right, whatever it is."""
        data = self.file()
        if self.start() > 0:
            return self.answer(416, {})
        self.send(data, most=len(data) // 2 if self.times == 1 else None)

    def be_many(self):
        if self.times <= 3:
            return self.answer(429, {"Retry-After": "0"}, b"slow down")
        self.send(self.file())

    def be_busy(self):
        if self.times <= 2:
            return self.answer(503, {}, b"<html>maintenance</html>")
        self.send(self.file())

    def be_dated(self):
        if self.times == 1:
            return self.answer(503, {"Retry-After": "Thu, 01 Jan 2015 00:00:00 GMT"})
        self.send(self.file())

    def be_never(self):
        self.answer(503, {"Retry-After": "0"})

    def be_later(self):
        self.answer(429, {"Retry-After": "100000"})

    def be_gone(self):
        self.answer(404, {}, b"no such thing")

    def be_private(self):
        self.answer(401, {"WWW-Authenticate": "Bearer"})

    def be_gated(self):
        self.answer(403, {})

    def be_page(self):
        self.answer(200, {"Content-Type": "text/html"}, b"\n<!DOCTYPE html><html>Please log in" + b"." * 200 + b"</html>")

    def be_captive(self):
        """The model breaks off, then a portal wants a login."""
        data = self.file()
        if self.times == 1:
            return self.send(data, most=len(data) // 2)
        self.be_page()

    def be_pointer(self):
        self.answer(200, {}, b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345678901234567890\n")

    def be_empty(self):
        self.answer(200, {})

    def be_redirect(self):
        self.answer(302, {"Location": "/plain/" + self.rest}, b"over there")

    def be_elsewhere(self):
        port = self.server.server_address[1]
        self.answer(302, {"Location": "http://localhost:%d/plain/%s" % (port, self.rest)})

    def be_loop(self):
        self.answer(302, {"Location": self.path})

    def be_leak(self):
        self.answer(302, {"Location": "file:///etc/passwd"})

    def be_nowhere(self):
        self.answer(302, {})

    # ---- a hub: FOLDER/ORG+NAME holds the files of ORG/NAME

    def be_hub(self):
        parts = self.rest.split("/")
        if parts[:2] == ["api", "models"]:
            return self.list_files("+".join(parts[2:4]))
        repository, file = "+".join(parts[:2]), "/".join(parts[4:])
        path = os.path.join(FOLDER, repository, file)
        if parts[2] != "resolve" or not os.path.exists(path):
            return self.answer(404, {})
        with open(path, "rb") as f:
            data = f.read()
        if repository.endswith("gated") and self.headers.get("Authorization") != "Bearer secret-token":
            return self.answer(401, {})
        if file.endswith(".gguf") and "Host" in self.headers and self.headers["Host"].startswith("127."):
            port = self.server.server_address[1]
            return self.answer(302, {"Location": "http://localhost:%d%s" % (port, self.path)})
        self.send(data)

    def list_files(self, repository):
        """Two files a page."""
        top = os.path.join(FOLDER, repository)
        if not os.path.isdir(top):
            return self.answer(404, {}, b'{"error":"Repository not found"}')
        if repository.endswith("gated") and self.headers.get("Authorization") != "Bearer secret-token":
            return self.answer(401, {})
        names = sorted(os.path.relpath(os.path.join(at, name), top) for at, _, files in os.walk(top) for name in files)
        entries = [{"type": "directory", "path": "original", "oid": "0", "size": 0}]
        for name in names:
            with open(os.path.join(top, name), "rb") as f:
                data = f.read()
            blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            entry = {"type": "file", "path": name, "size": len(data), "oid": blob}
            if not name.endswith((".json", ".txt", ".jinja", "LICENSE")):
                entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
            entries.append(entry)
        page = int(self.query.partition("cursor=")[2] or 0)
        headers = {"Content-Type": "application/json"}
        if page + 2 < len(entries):
            headers["Link"] = '<http://%s/hub/%s?recursive=true&cursor=%d>; rel="next"' % (
                self.headers["Host"], self.rest, page + 2)
        self.answer(200, headers, json.dumps(entries[page:page + 2]).encode())

    # ---- an index of packages: whatever lies in FOLDER

    def be_simple(self):
        files = [name for name in os.listdir(FOLDER) if name.endswith(".whl")]
        page = {"files": [{"filename": name, "url": "../../plain/" + name} for name in files]}
        self.answer(200, {"Content-Type": "application/vnd.pypi.simple.v1+json"}, json.dumps(page).encode())

    def be_mirror(self):
        files = [name for name in os.listdir(FOLDER) if name.endswith(".whl")]
        links = "".join('<a href="../../plain/%s#sha256=00">%s</a><br/>' % (name, name) for name in files)
        self.answer(200, {"Content-Type": "text/html"}, ("<!DOCTYPE html><html>" + links + "</html>").encode())


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, address):
        pass  # clients of these tests break off


server = Server(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
