"""Ready answers: kept within bounds, only where they are answers."""

from __future__ import annotations

import httpx
from fastapi import FastAPI, Request, Response

from gencharge.core.http.cached import Answers, ReadyAnswer, ReadyRoute


def test_ready_answers_are_bounded_in_number_and_in_bytes_and_the_oldest_goes_first() -> None:
    answers = Answers(most=3, most_bytes=100)
    for number in range(5):
        answers.keep(("/plans", b"%d" % number), ReadyAnswer(b"x" * 10))
    assert len(answers) == 3
    assert answers.get(("/plans", b"1")) is None
    assert answers.get(("/plans", b"4")) is not None
    answers.keep(("/plans", b"big"), ReadyAnswer(b"x" * 95))
    assert (len(answers), answers.size_bytes) == (1, 95)
    answers.keep(("/plans", b"too big"), ReadyAnswer(b"x" * 101))
    answers.keep(("/plans", b"q" * 401), ReadyAnswer(b"x"))
    assert (len(answers), answers.size_bytes) == (1, 95)


async def test_only_a_200_is_kept_and_a_post_is_never_answered_from_it() -> None:
    kept = Answers()

    class Kept(ReadyRoute):
        @staticmethod
        def present_answers(app: FastAPI) -> Answers:
            return kept

        @staticmethod
        async def answers_of(request: Request) -> Answers:
            return kept

    app = FastAPI()
    asked: list[str] = []

    async def answer(request: Request) -> Response:
        asked.append(request.method)
        return Response(b"{}", status_code=int(request.query_params["status"]))

    app.router.add_api_route("/", answer, methods=["GET", "POST"], route_class_override=Kept)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://t") as client:
        for method, status in (("GET", 202), ("GET", 202), ("GET", 200), ("GET", 200), ("POST", 200)):
            assert (await client.request(method, f"/?status={status}")).status_code == status
    assert asked == ["GET", "GET", "GET", "POST"]
    assert len(kept) == 1
