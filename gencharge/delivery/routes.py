"""`/recharge/callbacks`: operators report how a recharge ended. A callback only makes us ask the operator."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path, Request
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import service as channels
from gencharge.core import faultpoints
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.postgres.database import get_database
from gencharge.delivery import service as delivery
from gencharge.delivery.errors import CallbackReferenceNotFound, CallbackSignatureInvalid
from gencharge.delivery.schemas import CallbackReceived, OperatorCallback
from gencharge.payments import service as payments

router = web.router("recharge")
_CHANNEL: Final = r"^[a-z0-9-]{2,40}$"


@router.post(
    "/callbacks/{channel}",
    summary="An operator's callback",
    responses=web.errors(
        CallbackSignatureInvalid,
        CallbackReferenceNotFound,
        MalformedJson,
        ValidationFailed,
        DatabaseUnavailable,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["reference", "status"],
                        "properties": {
                            "reference": {"type": "string"},
                            "status": {"type": "string", "enum": ["success", "failed", "pending"]},
                        },
                    }
                }
            },
        }
    },
)
async def receive_callback(
    request: Request, channel: Annotated[str, Path(pattern=_CHANNEL)]
) -> CallbackReceived:
    """For operators: how a recharge ended. Signed with `X-Timestamp` and `X-Signature`: see the guide, Connect as an operator."""
    body = await request.body()
    database = get_database(request)
    settings = request.app.state.settings
    secrets = await database.run(lambda db: channels.callback_secrets(db, settings, channel))
    headers = request.headers
    # However a proxy or an older client spells the address, this is what an operator signs.
    message = channels.Message(channel, "POST", f"{web.PREFIX}/recharge/callbacks/{channel}", body)
    problem = channels.problem_with(
        secrets, headers.get(channels.TIMESTAMP, ""), headers.get(channels.SIGNATURE, ""), message
    )
    if problem is not None:
        await payments.refused(database, f"operator:{channel}", problem)
        raise CallbackSignatureInvalid
    try:
        callback = OperatorCallback.model_validate_json(body)
    except ValidationError:
        raise MalformedJson from None

    async def hint(db: AsyncSession) -> bool:
        known = await delivery.hint(db, channel, callback)
        await faultpoints.point("callback.written")
        return known

    known = await database.run(hint)
    await faultpoints.point("callback.committed")
    if not known:
        raise CallbackReferenceNotFound
    return CallbackReceived(status="taken")
