"""Calls the echo service in JSON, by hand: python3 json_client.py [tcp://HOST:PORT]"""
import hashlib, json, socket, struct, sys

def send(header, message):
    body = json.dumps(message).encode()
    header = {"md5": hashlib.md5(body).hexdigest(), "size": len(body)} | header
    record = json.dumps(header).encode()
    stream.write(struct.pack(">I", len(record)) + record + body)  # length, header, body: a frame

def read(size):
    part = stream.read(size)  # TCP keeps no borders between frames: read just what is announced
    return part if len(part) == size else sys.exit("the connection ended before the call")

def receive():
    header = json.loads(read(*struct.unpack(">I", read(4))))
    body = read(header.get("size", 0))
    if body and header.get("md5") != hashlib.md5(body).hexdigest(): sys.exit("a damaged body")
    if header.get("code"): sys.exit(header.get("message") or f"the call ended: {header['code']}")
    return header, json.loads(body or "{}")

def call(method, *requests):
    header = {"name": method}
    for number, request in enumerate(requests, start=1):
        send(header | {"last": number == len(requests)}, request)
        header = {"kind": "message"}
    stream.flush()
    while header.get("kind") != "end":
        header, reply = receive()
        if not header.get("bare"): yield reply  # a bare frame carries no message

address = sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:7000"
try:
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    stream = socket.create_connection((host, int(port))).makefile("rwb")
    for reply in call("echo.Echo/Say", {"text": "hello"}): print("said:", reply["text"])
    for number in call("echo.Echo/Count", {"upto": 3}): print("counted:", number.get("value", 0))
    for total in call("echo.Echo/Sum", {"value": 20}, {"value": 22}): print("sum:", total["value"])
except (OSError, ValueError) as error:
    sys.exit(f"{address}: {error}")
