"""The push services: Firebase Cloud Messaging (HTTP v1, with its OAuth2 tokens), Apple's, and a browser's (RFC 8030), which decrypts.

A token says how it is answered: one with `unregistered` in it is gone, `fail` is answered with 503, `slow` after ten seconds. What is
taken is shown with the other messages.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.browsers import decrypted
from sandbox.parts import Sandbox

_SLOW_SECONDS: Final = 10.0
_ACCESS: Final = "sandbox-access-token"


def _sandbox(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


async def _trouble(token: str) -> int:
    """The status that a token asks for; 0: none."""
    if "slow" in token:
        await asyncio.sleep(_SLOW_SECONDS)
    if "fail" in token:
        return 503
    return 410 if "unregistered" in token else 0


async def subscribe(request: Request) -> Response:
    """`POST /sandbox/push/subscriptions`: `{name?}`; a browser subscribes."""
    try:
        name = str(json.loads(await request.body() or b"{}").get("name", "browser"))
    except (ValueError, AttributeError):
        return JSONResponse({"error": {"code": "invalid_field", "message": "body: a JSON object"}}, 422)
    return JSONResponse(_sandbox(request).browsers.subscribe(name[:40], str(request.base_url)))


async def take_web(request: Request) -> Response:
    """`POST /push/web/{path}`: 201, or 404 and 410 for a subscription that has ended."""
    path = request.path_params["path"]
    status = await _trouble(path)
    subscription = _sandbox(request).browsers.get(path)
    if status or subscription is None:
        return Response(status_code=status or 404)
    scheme, _, token = request.headers.get("Authorization", "").partition(" t=")
    if scheme != "vapid" or not _is_vapid(token, str(request.base_url).rstrip("/")):
        return Response("Authorization: a VAPID token for this service", 403)
    if request.headers.get("Content-Encoding") != "aes128gcm" or not request.headers.get("TTL", "").isdigit():
        return Response("Content-Encoding: aes128gcm, and a TTL", 400)
    try:
        message = json.loads(decrypted(subscription, await request.body()))
        _sandbox(request).messages.add(f"web:{subscription.name}", message["body"], subject=message["title"])
    except (ValueError, KeyError, TypeError) as problem:
        return Response(str(problem), 400)
    return Response(status_code=201, headers={"Location": f"/push/messages/{secrets.token_hex(8)}"})


def _is_vapid(credentials: str, origin: str) -> bool:
    token, _, key = credentials.partition(", k=")
    try:
        point = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
        public_key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
        claims = jwt.decode(token, public_key, algorithms=["ES256"], audience=origin)
    except (ValueError, jwt.InvalidTokenError):
        return False
    return str(claims.get("sub", "")).startswith(("mailto:", "https://"))


async def give_fcm_token(request: Request) -> Response:
    """`POST /push/fcm/token`: an access token for the assertion of a service account. Its signature is not checked: any key will do."""
    form = (await request.body()).decode()
    if "assertion=" not in form or "grant_type=" not in form:
        return JSONResponse({"error": "invalid_grant"}, 400)
    return JSONResponse({"access_token": _ACCESS, "expires_in": 3599, "token_type": "Bearer"})


async def take_fcm(request: Request) -> Response:
    """`POST /v1/projects/{project}/messages:send`."""
    if request.headers.get("Authorization") != f"Bearer {_ACCESS}":
        return _fcm_error(401, "UNAUTHENTICATED")
    try:
        message = json.loads(await request.body())["message"]
        token, notification = str(message["token"]), message["notification"]
        title, text = str(notification["title"]), str(notification["body"])
        if not all(isinstance(value, str) for value in message.get("data", {}).values()):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError):
        return _fcm_error(400, "INVALID_ARGUMENT")
    status = await _trouble(token)
    if status == 410:
        return _fcm_error(404, "NOT_FOUND", "UNREGISTERED")
    if status:
        return _fcm_error(503, "UNAVAILABLE")
    _sandbox(request).messages.add(f"fcm:{token}", text, subject=title)
    return JSONResponse(
        {"name": f"projects/{request.path_params['project']}/messages/{secrets.token_hex(8)}"}
    )


def _fcm_error(status: int, name: str, code: str = "") -> Response:
    details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}]
    error = {"code": status, "message": name, "status": name, "details": details if code else []}
    return JSONResponse({"error": error}, status)


async def take_apns(request: Request) -> Response:
    """`POST /3/device/{token}`. Apple speaks HTTP/2 only; this is the same over HTTP/1.1."""
    bearer = request.headers.get("authorization", "").removeprefix("bearer ")
    try:
        claims = jwt.decode(bearer, options={"verify_signature": False})
        key_id = jwt.get_unverified_header(bearer).get("kid")
    except jwt.InvalidTokenError:
        return JSONResponse({"reason": "InvalidProviderToken"}, 403)
    if not claims.get("iss") or not key_id:
        return JSONResponse({"reason": "InvalidProviderToken"}, 403)
    if not request.headers.get("apns-topic"):
        return JSONResponse({"reason": "MissingTopic"}, 400)
    token = request.path_params["token"]
    status = await _trouble(token)
    if status:
        return JSONResponse({"reason": "Unregistered" if status == 410 else "ServiceUnavailable"}, status)
    try:
        alert = json.loads(await request.body())["aps"]["alert"]
        _sandbox(request).messages.add(f"apns:{token}", str(alert["body"]), subject=str(alert["title"]))
    except (ValueError, KeyError, TypeError):
        return JSONResponse({"reason": "PayloadEmpty"}, 400)
    return Response(status_code=200, headers={"apns-id": request.headers.get("apns-id", "")})


ROUTES: Final = [
    Route("/sandbox/push/subscriptions", subscribe, methods=["POST"]),
    Route("/push/web/{path}", take_web, methods=["POST"]),
    Route("/push/fcm/token", give_fcm_token, methods=["POST"]),
    Route("/v1/projects/{project}/messages:send", take_fcm, methods=["POST"]),
    Route("/3/device/{token}", take_apns, methods=["POST"]),
]
