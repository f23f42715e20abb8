"""A simulated bank for demonstrations and tests: a small program of its own that only knows the interface.

    luoshi fund bank --port 8099 --key-file bank.key --plan success,unknown

It keeps accounts in memory, takes PAY and the like by POST, knows a repetition by instr_id, and answers by messages of
its own. `plan` says what is done with the next instructions: success, failed, unknown (then the truth when asked),
silent (no answer until asked), twice (the result is sent twice), late (the result comes after the next one's), return
(paid, then sent back), lost (the money moved, the message is lost; it stands on the statement). By POST /control
{"deposit": fen, "bank": …, "account": …, "ref": …} money comes in; GET /statement?bank=…&account=… gives a signed
STATEMENT. It signs by the printed rule with its own few lines: no part of the product is imported.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_ZONE = datetime.timezone(datetime.timedelta(hours=8))
Send = Callable[[dict[str, Any]], None]


def signed(body: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a message with digest (SHA-256 of sorted JSON without blanks) and sig (HMAC-SHA-256 of the digest)."""
    told = {name: value for name, value in body.items() if name not in ("digest", "sig")}
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return told | {"digest": digest, "sig": hmac.new(key.encode(), digest.encode(), "sha256").hexdigest()}


@dataclass
class _Account:
    """What the bank has of an account."""

    balance: int = 0
    closed: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Bank:
    """The bank. `send` puts a message to the other side; by default POST to `target`. `now` gives the moment."""

    key: str
    target: str = ""
    delay_s: float = 0.0
    plan: list[str] = field(default_factory=list)
    send: Send | None = None
    now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(_ZONE)
    accounts: dict[tuple[str, str], _Account] = field(default_factory=dict)
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    held: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _count: int = 0

    # --- what comes in ---

    def take(self, data: bytes) -> tuple[int, dict[str, Any]]:
        """Take a message; return status and answer."""
        try:
            body = json.loads(data)
            right = signed(body, self.key)
        except (ValueError, AttributeError) as fault:
            return 400, {"result": "refused", "reason": str(fault)}
        if not hmac.compare_digest(str(body.get("sig", "")).encode(), right["sig"].encode()):
            return 401, {"result": "refused", "reason": "sig"}
        with self._lock:
            if body["type"] == "QUERY":
                return 200, self._asked(body)
            instr = str(body.get("instr_id", ""))
            if not instr:
                # What orders nothing (HOLD_INFO) is noted: only an instruction moves money.
                return 200, {"result": "accepted"}
            if instr in self.known:
                same = self.known[instr]["amount_fen"] == body.get("amount_fen")
                return (200, {"result": "duplicate"}) if same else (409, {"result": "conflict"})
            return 200, self._ordered(instr, body)

    def _ordered(self, instr: str, body: dict[str, Any]) -> dict[str, Any]:
        act = self.plan.pop(0) if self.plan else "success"
        account = self._account(body)
        row: dict[str, Any] = {
            "amount_fen": body["amount_fen"], "bank": body["bank"], "account": body["account"], "body": body,
            "result": "failed" if act == "failed" or account.balance < body["amount_fen"] else "success", "txn": "",
        }  # fmt: skip
        self.known[instr] = row
        if row["result"] == "success":
            row["txn"] = self._move(row, "D", int(body["amount_fen"]), ref=instr, other=body)
        if act == "unknown":
            self._later(self._result(instr, "unknown"))
        elif act == "late":
            self.held.append(self._result(instr))
            return {"result": "accepted"}
        elif act not in ("silent", "lost"):
            self._later(self._result(instr))
        if act == "twice":
            self._later(self._result(instr))
        if act == "return" and row["result"] == "success":
            txn = self._move(row, "C", int(body["amount_fen"]), ref=instr, other=body)
            self._later(self._message(row, "RETURNED", instr_id=instr, ref=instr, bank_txn_no=txn, direction="C",
                                      amount_fen=body["amount_fen"], reason="收款账号已销户"))  # fmt: skip
        while self.held:
            self._later(self.held.pop(0))
        return {"result": "accepted"}

    def _asked(self, body: dict[str, Any]) -> dict[str, Any]:
        instr = str(body.get("instr_id", ""))
        row = self.known.get(instr)
        if row is None:
            self._later(self._message(body, "RESULT", instr_id=instr, ref=instr, result="not_found"))
            return {"result": "accepted", "state": "not_found"}
        self._later(self._result(instr))
        return {"result": "accepted", "state": row["result"]}

    # --- what goes out ---

    def deposit(self, bank: str, account: str, fen: int, *, ref: str = "", name: str = "", tell: bool = True) -> str:
        """Let money come in; return the bank's number of it. Without `tell` the message is lost."""
        with self._lock:
            own = {"bank": bank, "account": account}
            txn = self._move(own, "C", fen, ref=ref, other={"counter_name": name})
            if tell:
                self._later(self._message(own, "MOVEMENT", bank_txn_no=txn, direction="C", amount_fen=fen, ref=ref,
                                          counter_name=name))  # fmt: skip
            return txn

    def statement(self, bank: str, account: str) -> dict[str, Any]:
        """Return a signed statement of what moved since the last one."""
        with self._lock:
            row = self._account({"bank": bank, "account": account})
            lines, row.lines = row.lines, []
            opening, row.closed = row.closed, row.balance
            days = [line["business_date"] for line in lines] or [str(self.now().date())]
            return self._message({"bank": bank, "account": account}, "STATEMENT", opening=opening, closing=row.balance,
                                 first_on=min(days), last_on=str(self.now().date()), lines=lines)  # fmt: skip

    def _move(self, own: dict[str, Any], direction: str, fen: int, *, ref: str, other: dict[str, Any]) -> str:
        account = self._account(own)
        account.balance += fen if direction == "C" else -fen
        self._count += 1
        txn = f"B{self.now():%Y%m%d}{self._count:06d}"
        account.lines.append(
            {"bank_txn_no": txn, "business_date": str(self.now().date()), "direction": direction, "amount_fen": fen,
             "counter_account": other.get("counter_account", ""), "counter_name": other.get("counter_name", ""),
             "ref": ref, "memo": other.get("memo", "")}
        )  # fmt: skip
        return txn

    def _account(self, own: dict[str, Any]) -> _Account:
        return self.accounts.setdefault((str(own["bank"]), str(own["account"])), _Account())

    def _result(self, instr: str, outcome: str = "") -> dict[str, Any]:
        row = self.known[instr]
        told: dict[str, Any] = {"instr_id": instr, "ref": instr, "result": outcome or row["result"]}
        if told["result"] == "success":
            told |= {"bank_txn_no": row["txn"], "direction": "D", "amount_fen": row["amount_fen"]}
        return self._message(row, "RESULT", **told)

    def _message(self, own: dict[str, Any], kind: str, **more: Any) -> dict[str, Any]:
        self._count += 1
        body: dict[str, Any] = {
            "v": 1, "bank": own["bank"], "account": own["account"], "msg_id": f"SIM-{self._count:08d}", "type": kind,
            "created_at": self.now().isoformat(), "business_date": str(self.now().date()), "bank_txn_no": "",
            "direction": "", "currency": "CNY", "counter_account": "", "counter_name": "", "ref": "", "memo": "",
        }  # fmt: skip
        body |= {name: value for name, value in more.items() if value is not None}
        return signed(body, self.key)

    def _later(self, body: dict[str, Any]) -> None:
        """Send a message, after the delay; one that is not taken is kept in `refused`."""
        if self.send is not None:
            self.send(body)
            return
        threading.Thread(target=self._post, args=(body,), daemon=True).start()

    def _post(self, body: dict[str, Any]) -> None:
        time.sleep(self.delay_s)
        parts = urlsplit(self.target)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        for attempt in range(5):
            line = kind(parts.hostname or "", parts.port, timeout=20)
            try:
                line.request("POST", parts.path, json.dumps(body, ensure_ascii=False).encode(),
                             {"Content-Type": "application/json"})  # fmt: skip
                response = line.getresponse()
                said = response.read()
                if response.status != 200:
                    self.refused.append({"status": response.status, "said": said.decode("utf-8", "replace")[:500]})
                return
            except OSError:
                time.sleep(0.5 * 2**attempt)
            finally:
                line.close()


def server(bank: Bank, port: int) -> ThreadingHTTPServer:
    """Return the bank's HTTP server, not yet serving."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 1 << 20))
            if self.path == "/control":
                told = json.loads(data)
                if "plan" in told:
                    bank.plan.extend(told["plan"])
                if "deposit" in told:
                    bank.deposit(told["bank"], told["account"], told["deposit"], ref=told.get("ref", ""),
                                 name=told.get("name", ""), tell=told.get("tell", True))  # fmt: skip
                self._answer(200, {"result": "done"})
                return
            self._answer(*bank.take(data))

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            self._answer(200, bank.statement(asked["bank"][0], asked["account"][0]))

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            text = json.dumps(body, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_arguments: Any) -> None:
            return

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def serve(bank: Bank, port: int) -> None:
    """Serve until interrupted."""
    with server(bank, port) as running:
        running.serve_forever()
