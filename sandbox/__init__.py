"""The other side of the counter: a payment gateway and operators that fail on demand.

`gencharge sandbox` runs it as a process of its own, for development and tests. It plays outside parties, so it knows
nothing of the rooms: only the HTTP contract.

    server     uvicorn, and a protocol that can drop a connection     app        the routes, and what runs beside them
    config     secrets and addresses                                  store      SQLite: all state, in paise
    clock      a clock that tests may move                            scripts    what is to go wrong, and when
    faults     how an answer goes wrong                               notices    webhooks and callbacks, queued
    courier    sends them, with retries; does what is due later       signing    HMAC
    gateway_*  Razorpay's API: orders, payments, refunds, mandates, settlements
    operator_* the operators' own protocol                            control    scripts, clock and state for tests
    pages      checkout and index page in the browser          messages   what was sent to people, as a page
"""
