"""Headless Chromium, controlled through the DevTools protocol: key presses, scripts, screenshots, PDF."""

import asyncio
import base64
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tornado.websocket import websocket_connect

KEYS = {  # key -> (code, virtual key code, text)
    "Enter": ("Enter", 13, "\r"),
    "Tab": ("Tab", 9, ""),
    "Escape": ("Escape", 27, ""),
    "ArrowLeft": ("ArrowLeft", 37, ""),
    "ArrowRight": ("ArrowRight", 39, ""),
    "o": ("KeyO", 79, "o"),
    "f": ("KeyF", 70, "f"),
}


def find_chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Chromium:
    """Context manager of a browser with one page."""

    def __init__(self, page: Path, width: int = 1300, height: int = 1000) -> None:
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
        self._process = subprocess.Popen(
            [
                str(find_chromium()),
                *options,
                f"--user-data-dir={self._profile}",
                "--remote-debugging-port=0",
                f"--window-size={width},{height}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._loop = asyncio.new_event_loop()
        self._number = 0
        self.events: list[dict] = []
        self._page = page

    def __enter__(self) -> "Chromium":
        try:
            self._loop.run_until_complete(self._connect())
            for domain in ("Page", "Runtime", "Network", "Log"):
                self.send(f"{domain}.enable")
            self.send("Page.navigate", url=self._page.as_uri())
            self.wait_for("document.readyState === 'complete'")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._loop.close()
        shutil.rmtree(self._profile, ignore_errors=True)

    async def _connect(self) -> None:
        from tornado.httpclient import AsyncHTTPClient

        port_file = Path(self._profile) / "DevToolsActivePort"
        end = time.monotonic() + 60
        while not (port_file.is_file() and port_file.read_text().count("\n")):
            assert self._process.poll() is None, "chromium ended"
            assert time.monotonic() < end, "chromium does not answer"
            await asyncio.sleep(0.05)
        port = port_file.read_text().splitlines()[0]
        listed = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/json/list")
        target = next(entry for entry in json.loads(listed.body) if entry["type"] == "page")
        self._socket = await websocket_connect(target["webSocketDebuggerUrl"], max_message_size=2**28)

    def send(self, method: str, **parameters: object) -> dict:
        """Call a method of the protocol and return its result; events received meanwhile go to self.events."""
        self._number += 1
        return self._loop.run_until_complete(self._exchange(self._number, method, parameters))

    async def _exchange(self, number: int, method: str, parameters: dict) -> dict:
        await self._socket.write_message(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            text = await asyncio.wait_for(self._socket.read_message(), 60)
            assert text is not None, "chromium closed the connection"
            message = json.loads(text)
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def run(self, script: str) -> object:
        """Return the value of a JavaScript expression."""
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait_for(self, condition: str) -> None:
        end = time.monotonic() + 60
        while not self.run(condition):
            assert time.monotonic() < end, condition
            time.sleep(0.02)

    def press(self, key: str, times: int = 1) -> None:
        code, virtual, text = KEYS[key]
        for _ in range(times):
            common = {"key": key, "code": code, "windowsVirtualKeyCode": virtual}
            down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
            self.send("Input.dispatchKeyEvent", **down, **common)
            self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def screenshot(self) -> bytes:
        """Return the whole page as PNG."""
        return base64.b64decode(self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"])

    def printed(self) -> bytes:
        """Return the printed page as PDF."""
        return base64.b64decode(self.send("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])
