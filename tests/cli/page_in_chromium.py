"""Drives `senet report`'s page in a headless Chromium: PAGE.html [FOLDER for screenshots].

Sorting, folding and tooltips work by mouse and keyboard; the page fits three widths; it asks for nothing and logs no
error. Exit code 1 with what failed, 77 where there is no Chromium.
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


class Browser:
    """Chromium's DevTools protocol over two pipes: one JSON document a message, NUL between them."""

    def __init__(self, program, profile):
        command_read, self.command = os.pipe()
        self.answer, answer_write = os.pipe()
        # Chromium reads commands from descriptor 3 and answers on 4. Both ends move out of the way first.
        ends = [os.dup(command_read), os.dup(answer_write)]
        while min(ends) <= 4:
            ends = [os.dup(end) for end in ends]

        def place():
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--remote-debugging-pipe", "--user-data-dir=" + profile, "about:blank"],
            preexec_fn=place, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in (command_read, answer_write, *ends):
            os.close(end)
        self.number, self.session, self.buffer, self.events = 0, None, b"", []

    def send(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.command, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def receive(self):
        while b"\0" not in self.buffer:
            part = os.read(self.answer, 1 << 20)
            if not part:
                raise RuntimeError("Chromium has ended")
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def wait_for(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.receive())

    def value(self, expression):
        result = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def settle(self):
        """Until what scrolling has caused has happened."""
        self.send("Runtime.evaluate", awaitPromise=True,
                  expression="new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def mouse_to(self, selector):
        box = self.value(f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
                         " e.scrollIntoView({block: 'center', inline: 'center'}); const b = e.getBoundingClientRect();"
                         " return [b.left + b.width / 2, b.top + b.height / 2]; })()")
        self.settle()
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])
        return box

    def click(self, selector):
        x, y = self.mouse_to(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)


failures = []


def check(holds, what):
    if not holds:
        failures.append(what)


def sorting(browser):
    """Of the table of where things ran: numbers by value, largest first, and back to the order it came in."""
    table = "#table-runs table"
    results = f"[...document.querySelectorAll('{table} tbody tr')].map(r => Number(r.cells[1].textContent))"
    head = f"{table} thead th:nth-child(2)"
    before = browser.value(results)
    check(len(before) > 1, "the table of experiments has several rows")
    browser.click(head + " button")
    check(browser.value(results) == sorted(before, reverse=True), "a click sorts by number, the largest first")
    check(browser.value(f"document.querySelector('{head}').getAttribute('aria-sort')") == "descending",
          "a sorted column says so")
    browser.click(head + " button")
    check(browser.value(results) == sorted(before), "a second click turns the order round")
    browser.click(head + " button")
    check(browser.value(results) == before, "a third click brings back the order that the table came in")


def folding(browser):
    table = "document.querySelector('#table-runs')"
    check(browser.value(table + ".open"), "a table is open at first")
    browser.click("#table-runs > summary")
    check(not browser.value(table + ".open"), "a click on its title folds a table")
    browser.click("#table-runs > summary")
    browser.click("#fold")
    check(browser.value("document.querySelectorAll('details.table[open]').length") == 0, "all tables fold at once")
    browser.click("#fold")
    check(browser.value("document.querySelectorAll('details.table:not([open])').length") == 0, "and open at once")
    settings = "#settings details"
    check(not browser.value(f"document.querySelector('{settings}').open"), "settings are folded at first")


def tooltips(browser):
    shown = "(() => { const t = document.querySelector('#tip'); return t.hidden ? '' : t.textContent; })()"
    check(browser.value(shown) == "", "there is no tooltip at first")
    # One that was measured, and that no other covers.
    browser.value("document.querySelector('#summary figure').scrollIntoView({block: 'center'})")
    browser.value("[...document.querySelectorAll('#summary figure .point')].find(point => {"
                  " const b = point.getBoundingClientRect();"
                  " return point.dataset.tip.includes('seed') &&"
                  " document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2)?.closest('.point') === point;"
                  " }).id = 'measured'")
    browser.mouse_to("#measured")
    text = browser.value(shown)
    for part in ("%", "ReLUs", "seed"):
        check(part in text, f"the tooltip of a point has '{part}': {text!r}")
    inside = browser.value("(() => { const b = document.querySelector('#tip').getBoundingClientRect();"
                           " return b.left >= 0 && b.right <= innerWidth && b.top >= 0 && b.bottom <= innerHeight; })()")
    check(inside, "the tooltip stands within the window")
    browser.send("Input.dispatchMouseEvent", type="mouseMoved", x=2, y=2)
    check(browser.value(shown) == "", "it goes with the mouse")
    browser.value("document.querySelector('#summary figure .point').focus({preventScroll: true})")
    check(browser.value(shown) != "", "it comes by keyboard, too")
    browser.value("document.activeElement.blur()")
    of_figures = [("sensitivity", 1, ("layer1.0.relu1", "ReLU sensitivity 0.", "% of all layers'", "ReLUs kept")),
                  ("sensitivity", -1, ("stage 4", "criticality 0.0000", "51.50 % of held-out images")),
                  ("masks", 0, ("relu", "100 of 8,192 ReLUs kept", "SNL's counts, 5%")),
                  ("budgets", 0, ("relu", " of 8,192 ReLUs")),
                  ("quickstart", 0, ("relu", "pruning sensitivity 0.", " of 6,272 ReLUs kept"))]
    for figure, place, parts in of_figures:
        browser.value(f"[...document.querySelectorAll('#figure-{figure} .point')].at({place}).id = 'tried'")
        browser.mouse_to("#tried")
        text = browser.value(shown)
        browser.value("document.querySelector('#tried').removeAttribute('id')")
        for part in parts:
            check(part in text, f"the tooltip of a point of '{figure}' has '{part}': {text!r}")
    browser.send("Input.dispatchMouseEvent", type="mouseMoved", x=2, y=2)


def widths(browser, screenshots):
    for width in (390, 820, 1280):
        browser.send("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                     mobile=width < 500)
        browser.value("scrollTo(0, 0)")
        wide = browser.value("document.documentElement.scrollWidth")
        check(wide <= width, f"at {width} pixels the page is {wide} wide")
        if not screenshots:
            continue
        for scheme in ("light", "dark"):
            browser.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            for part in ("summary", "tables", "figures", "settings"):
                browser.value(f"document.querySelector('#{part}').scrollIntoView()")
                picture = browser.send("Page.captureScreenshot")["data"]
                name = pathlib.Path(screenshots) / f"{width}-{scheme}-{part}.png"
                name.write_bytes(base64.b64decode(picture))


def printing(browser, screenshots):
    pdf = browser.send("Page.printToPDF", preferCSSPageSize=True)["data"]
    check(len(pdf) > 10000, "the page prints")
    if screenshots:
        (pathlib.Path(screenshots) / "printed.pdf").write_bytes(base64.b64decode(pdf))


def main():
    page = pathlib.Path(sys.argv[1]).resolve().as_uri()
    screenshots = sys.argv[2] if len(sys.argv) > 2 else ""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        print("no Chromium is here: apt-get install chromium")
        return 77
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            target = browser.send("Target.createTarget", url="about:blank")["targetId"]
            browser.session = browser.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                browser.send(domain + ".enable")
            browser.send("Emulation.setDeviceMetricsOverride", width=1280, height=900, deviceScaleFactor=1,
                         mobile=False)
            browser.send("Page.navigate", url=page)
            browser.wait_for("Page.loadEventFired")
            sorting(browser)
            folding(browser)
            tooltips(browser)
            widths(browser, screenshots)
            printing(browser, screenshots)
            for event in browser.events:
                method, parameters = event.get("method"), event.get("params", {})
                if method == "Network.requestWillBeSent":
                    url = parameters["request"]["url"]
                    check(url == page or url.startswith("data:"), f"the page asks for {url}")
                if method in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
                    failures.append(f"the console says: {json.dumps(parameters)[:500]}")
        finally:
            browser.process.terminate()
            browser.process.wait()
    for failure in failures:
        print("failed: " + failure)
    return 1 if failures else 0


sys.exit(main())
