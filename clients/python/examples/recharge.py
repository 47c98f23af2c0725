"""Recharge a number, and wait until GenCharge's webhook says that it arrived.

    python recharge.py --api http://127.0.0.1:8000 --phone 9000001001 --code 111111 --port 9999 --secret whsec_...

The webhook endpoint must be there: the staff make it (`POST /v1/webhooks/endpoints`) and give its secret to you.
"""

from __future__ import annotations

import argparse
import queue
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gencharge_client import GenCharge, SignatureInvalid, webhooks
from gencharge_client.models import Quote, RechargeMessage, Subscribe

DELIVERED = "recharge.delivered"


def receive(port: int, secret: str, messages: queue.Queue[webhooks.Message]) -> ThreadingHTTPServer:
    """Listen for messages, and put those into the queue that GenCharge has signed."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            try:
                messages.put(webhooks.verify(secret, dict(self.headers), body))
            except SignatureInvalid:
                self.send_response(401)
            else:
                self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing about each request."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> int:
    """Returns 0 when the recharge was delivered, 1 if not within a minute."""
    parser = argparse.ArgumentParser()
    for name in ("--api", "--phone", "--code", "--secret"):
        parser.add_argument(name, required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    messages: queue.Queue[webhooks.Message] = queue.Queue()
    server = receive(chosen.port, chosen.secret, messages)
    try:
        with GenCharge(chosen.api) as client:
            sent = client.send_code(chosen.phone)
            client.sign_in(chosen.phone, chosen.code, sent.challenge_id)
            operator = client.look_up(chosen.phone).operator
            plan = next(client.plans(operator=operator, category="unlimited", sort="price", limit=5))
            quote = client.quote(Quote(phone_number=chosen.phone, plan_id=plan.plan_id))
            print(f"{plan.name}: ₹{quote.payable:.2f}")
            recharge = client.recharge(
                Subscribe(
                    phone_number=chosen.phone,
                    plan_id=plan.plan_id,
                    payment_method="wallet",
                    expected_price=quote.payable,
                )
            )
        while True:
            message = messages.get(timeout=60)
            if isinstance(message, RechargeMessage) and message.data.recharge_id == recharge.recharge_id:
                print(f"{message.type}: {message.data.plan_name}, ₹{message.data.amount:.2f}")
                if message.type == DELIVERED:
                    return 0
    except queue.Empty:
        print("no message within a minute", file=sys.stderr)
        return 1
    finally:
        server.shutdown()


if __name__ == "__main__":
    sys.exit(main())
