"""`/`: where to go from here. Shown where the documentation is; production has neither."""

from __future__ import annotations

from html import escape
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import Final

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse

from gencharge.core.settings import SANDBOX_URL, Settings

_STATIC: Final = Path(__file__).parent / "static"
_BUILT: Final = _STATIC / "console" / "index.html"
_ICON: Final = _STATIC / "docs" / "favicon.svg"
_POLICY: Final = {"Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"}
_CONSOLE: Final = (
    '<a href="/console"><b>Console</b><span>What the staff work with, in the browser.</span></a>\n'
)
_SANDBOX: Final = Template(
    '<a href="$url"><b>Sandbox</b><span>The gateway and the operators, played; they fail on demand.</span></a>\n'
    '<a href="$url/messages"><b>Messages</b><span>Every code and notice that was sent, newest first.</span></a>\n'
)
_SAMPLES: Final = Template("""<section aria-labelledby="samples"><h2 id="samples">Sign in</h2>
<table>
<tr><th>Customers</th><td><code>9000001001</code> to <code>9000001050</code>, each with money in the wallet</td></tr>
<tr><th>Admins</th><td>from <code>9000000001</code>, three to a role: SuperAdmin, Manager, Support, ContentEditor, Viewer</td></tr>
<tr><th>Code</th><td><code>$otp</code></td></tr>
</table>
</section>
<section aria-labelledby="terminal"><h2 id="terminal">In a terminal</h2>
<pre>TOKEN=$$(.venv/bin/gencharge login 9000001001)
curl -H "Authorization: Bearer $$TOKEN" $base/v1/wallet</pre>
</section>
""")


def install(app: FastAPI, settings: Settings) -> None:
    """Add the page, and the icon that browsers request by themselves."""
    pages = {built: _render(settings, with_console=built) for built in (False, True)}

    @app.get("/", include_in_schema=False)
    async def show_home() -> HTMLResponse:
        # Only a page that was built is led to. It may be built while the process runs.
        return HTMLResponse(pages[_BUILT.is_file()], headers=_POLICY)

    @app.get("/favicon.ico", include_in_schema=False)
    async def show_icon() -> FileResponse:
        return FileResponse(_ICON, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})


def _render(settings: Settings, *, with_console: bool = False) -> str:
    # Another gateway than the sandbox may be a real one: link to it nowhere.
    played = settings.is_development and settings.payment_gateway_url.startswith(
        (SANDBOX_URL, f"http://127.0.0.1:{settings.sandbox_port}")
    )
    template = Template((_STATIC / "home.html").read_text(encoding="utf-8"))
    return template.substitute(
        version=escape(version("gencharge")),
        first_href="/console" if with_console else "/docs",
        first_text="Open the console" if with_console else "Try the API",
        console=_CONSOLE if with_console else "",
        sandbox=_SANDBOX.substitute(url=escape(settings.payment_gateway_url)) if played else "",
        samples=_SAMPLES.substitute(
            otp=escape(settings.dev_fixed_otp), base=f"http://{settings.host}:{settings.port}"
        )
        if settings.dev_fixed_otp
        else "",
    )
