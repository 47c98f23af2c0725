"""Who gets what: every route of the API, and the status that each of nine callers is to be answered with.

Written down by hand, and not derived from any grant: when this table and the code differ, one of them is wrong.
Requests name ids that nobody has and send an empty body unless `REQUESTS` says otherwise, so a caller who is admitted gets
200, 404 or 422 as the line says, and one who is not gets 401 or 403.

    anon     not signed in
    user     a customer
    super    the roles SuperAdmin, Manager, Support, ContentEditor and Viewer, for all operators
    scoped   a Manager whose role is limited to the operator JIO
    other    a customer who names what belongs to another one (`ANOTHERS`); `-` if the route names nothing
"""

from __future__ import annotations

from typing import Any, Final

# The request of a route that refuses an empty body too early.
REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "GET /v1/operators/lookup": {"params": {"phone_number": "9876543210"}},
    "GET /v1/notifications/stream": {"headers": {"Last-Event-ID": "none"}},
    "PATCH /v1/users/me/numbers/{number_id}": {"json": {"nickname": "Mine"}},
    "PATCH /v1/autopay/{autopay_id}": {"json": {"max_amount": 500}},
    "PATCH /v1/users/{user_id}": {"json": {"name": "Asha Rao"}},
    **{
        f"POST /v1/users/{{user_id}}/{act}": {"json": {"reason": "asked for"}}
        for act in ("block", "unblock", "deactivate", "reactivate")
    },
    "POST /v1/users/{user_id}/switch-type": {"json": {"user_type": "postpaid"}},
    "PUT /v1/users/{user_id}/email": {"json": {"email": "asha@example.com", "reason": "asked for"}},
    "PUT /v1/users/{user_id}/phone-number": {"json": {"phone_number": "9876543210", "reason": "asked for"}},
    "PUT /v1/users/{user_id}/kyc-tier": {"json": {"tier": "full", "reason": "asked for"}},
    "GET /v1/sessions": {"params": {"owner_id": "0198c0de-0000-7000-8000-000000000000"}},
    "PATCH /v1/admins/{admin_id}": {"json": {"name": "Asha Rao"}},
    "PUT /v1/admins/{admin_id}/role": {"json": {"role": "Viewer"}},
    "POST /v1/admins/{admin_id}/block": {"json": {"reason": "asked for"}},
    "POST /v1/admins/{admin_id}/open-sign-in": {"json": {"reason": "asked for"}},
    "POST /v1/users/{user_id}/open-sign-in": {"json": {"reason": "asked for"}},
    "PUT /v1/roles/{role_id}": {"json": {"name": "Nobody", "description": "", "permissions": []}},
    **{
        f"POST /v1/wallet/admin/adjustments/{{user_id}}/{{adjustment_id}}/{act}": {
            "json": {"note": "was checked"}
        }
        for act in ("approve", "reject", "cancel")
    },
    **{
        f"POST /v1/referrals/admin/{{user_id}}/{{reward_id}}/{act}": {"json": {"reason": "was checked"}}
        for act in ("hold", "release", "reject")
    },
    **{
        f"POST /v1/approvals/{{approval_id}}/{act}": {"json": {"note": "was checked"}}
        for act in ("approve", "reject", "cancel")
    },
    "POST /v1/recharge/admin/{user_id}/{recharge_id}/refund": {"json": {"amount": 1, "reason": "asked for"}},
    "POST /v1/recharge/admin/{user_id}/{recharge_id}/resolve": {
        "json": {"outcome": "failed", "reason": "asked for"}
    },
    "POST /v1/reconciliation/runs/{run_id}/differences/{difference_id}/resolve": {
        "json": {"resolution": "none", "note": "was checked"}
    },
    "PATCH /v1/offers/{offer_id}": {"json": {"name": "Diwali"}},
    "POST /v1/offers/{offer_id}/codes": {"json": {"count": 1}},
    "POST /v1/payments/admin/{user_id}/{payment_id}/refunds": {"json": {"reason": "asked for"}},
    "POST /v1/payments/{payment_id}/confirm": {
        "json": {
            "razorpay_order_id": "order_x",
            "razorpay_payment_id": "pay_x",
            "razorpay_signature": "0" * 64,
        }
    },
    "PATCH /v1/operators/{operator}": {"json": {"status": "up"}},
    "POST /v1/channels/{channel}/address/approve": {"json": {"url": "https://jio.example/api"}},
}
# Where a customer could name what belongs to another one.
ANOTHERS: Final = frozenset(
    {
        "GET /v1/recharge/by-key/{idempotency_key}",
        "GET /v1/recharge/{recharge_id}",
        "GET /v1/recharge/{recharge_id}/receipt",
        "POST /v1/recharge/{recharge_id}/repeat",
        "GET /v1/wallet/transactions/{transaction_id}",
        "GET /v1/payments/{payment_id}",
        "POST /v1/payments/{payment_id}/check",
        "POST /v1/payments/{payment_id}/confirm",
        "DELETE /v1/auth/sessions/{session_id}",
        "GET /v1/users/me/numbers/{number_id}",
        "PATCH /v1/users/me/numbers/{number_id}",
        "DELETE /v1/users/me/numbers/{number_id}",
        "GET /v1/autopay/{autopay_id}",
        "PATCH /v1/autopay/{autopay_id}",
        "DELETE /v1/autopay/{autopay_id}",
        "GET /v1/autopay/{autopay_id}/attempts",
        "POST /v1/autopay/{autopay_id}/pause",
        "POST /v1/autopay/{autopay_id}/resume",
        "POST /v1/autopay/{autopay_id}/skip",
        "GET /v1/mandates/{mandate_id}",
        "DELETE /v1/mandates/{mandate_id}",
        "DELETE /v1/devices/{device_id}",
        "POST /v1/notifications/{notification_id}/viewed",
        "DELETE /v1/notifications/{notification_id}",
    }
)
# Where the path names what is nobody's.
NOBODYS: Final = frozenset({"PUT /v1/operators/connections/{phone_number}"})
# What a Manager who is limited to JIO gets who names what is AIRTEL's, and what is JIO's.
SCOPED: Final[dict[str, str]] = {
    "GET /v1/plans/admin/{plan_id}": "404 200",
    "GET /v1/plans/admin/{plan_id}/versions": "404 200",
    "PATCH /v1/plans/{plan_id}": "404 200",
    "DELETE /v1/plans/{plan_id}": "404 409",  # it is on sale
    "GET /v1/offers/admin/{offer_id}": "404 200",
    "GET /v1/offers/admin/{offer_id}/codes": "404 200",
    "GET /v1/offers/admin/{offer_id}/figures": "404 200",
    "GET /v1/offers/admin/{offer_id}/uses": "404 200",
    "POST /v1/offers/{offer_id}/codes": "404 409",  # it takes no one-time codes
    "PATCH /v1/offers/{offer_id}": "404 200",
    "DELETE /v1/offers/{offer_id}": "404 204",
    "PATCH /v1/operators/{operator}": "404 200",
    "PATCH /v1/channels/{channel}": "404 200",
    "POST /v1/channels/{channel}/address/approve": "404 409",  # another one waits
    "POST /v1/channels/{channel}/address/reject": "404 200",
    "POST /v1/channels/{channel}/rotate-secrets": "404 200",
    "DELETE /v1/channels/{channel}": "404 204",
    "GET /v1/recharge/admin/{user_id}/{recharge_id}": "404 200",
    "GET /v1/autopay/admin/{user_id}/{autopay_id}": "404 200",
    "GET /v1/autopay/admin/{user_id}/{autopay_id}/attempts": "404 200",
    "GET /v1/recharge/admin/{user_id}/{recharge_id}/receipt": "404 200",
    "POST /v1/recharge/admin/{user_id}/{recharge_id}/refund": "404 201",
    "POST /v1/recharge/admin/{user_id}/{recharge_id}/resolve": "404 409",  # it has ended
    "GET /v1/wallet/admin/transactions/{user_id}/{transaction_id}": "404 200",
    "GET /v1/wallet/admin/users/{user_id}/ledger": "200 200",  # the rows of the operator alone
}
# fmt: off
#                                                                                anon user  super mgr supp cont view  scoped other
ROUTES: Final[dict[str, str]] = {
    # health
    "GET /health/live":                                                            "200  200   200   200 200  200  200   200    -",
    "GET /health/ready":                                                           "200  200   200   200 200  200  200   200    -",
    # auth
    "POST /v1/auth/login":                                                         "422  422   422   422 422  422  422   422    -",
    "POST /v1/auth/logout":                                                        "401  204   204   204 204  204  204   204    -",
    "POST /v1/auth/refresh":                                                       "401  401   401   401 401  401  401   401    -",
    "POST /v1/auth/register":                                                      "401  422   403   403 403  403  403   403    -",
    "GET /v1/auth/second-factor":                                                  "401  403   200   200 200  200  200   200    -",
    "DELETE /v1/auth/second-factor":                                               "401  403   409   409 409  409  409   409    -",
    "POST /v1/auth/second-factor/confirm":                                         "401  403   422   422 422  422  422   422    -",
    "POST /v1/auth/second-factor/otp":                                             "401  403   200   200 200  200  200   200    -",
    "POST /v1/auth/second-factor/recovery-codes":                                  "401  403   409   409 409  409  409   409    -",
    "POST /v1/auth/second-factor/setup":                                           "401  403   200   200 200  200  200   200    -",
    "POST /v1/auth/second-factor/verify":                                          "401  403   422   422 422  422  422   422    -",
    "GET /v1/auth/sessions":                                                       "401  200   200   200 200  200  200   200    -",
    "DELETE /v1/auth/sessions":                                                    "401  200   200   200 200  200  200   200    -",
    "DELETE /v1/auth/sessions/{session_id}":                                       "401  404   404   404 404  404  404   404    404",
    "POST /v1/auth/signup":                                                        "422  422   422   422 422  422  422   422    -",
    "POST /v1/auth/verify-otp-login":                                              "422  422   422   422 422  422  422   422    -",
    "POST /v1/auth/verify-otp-signup":                                             "422  422   422   422 422  422  422   422    -",
    # users
    "GET /v1/users":                                                               "401  403   200   200 200  403  200   403    -",
    "GET /v1/users/archived":                                                      "401  403   200   200 200  403  200   403    -",
    "GET /v1/users/me":                                                            "401  200   403   403 403  403  403   403    -",
    "PATCH /v1/users/me":                                                          "401  422   403   403 403  403  403   403    -",
    "DELETE /v1/users/me":                                                         "401  403   403   403 403  403  403   403    -",
    "POST /v1/users/me/deactivate":                                                "401  422   403   403 403  403  403   403    -",
    "PUT /v1/users/me/email":                                                      "401  422   403   403 403  403  403   403    -",
    "POST /v1/users/me/email/confirm":                                            "401  422   403   403 403  403  403   403    -",
    "GET /v1/users/me/export":                                                     "401  200   403   403 403  403  403   403    -",
    "GET /v1/users/me/numbers":                                                    "401  200   403   403 403  403  403   403    -",
    "POST /v1/users/me/numbers":                                                   "401  422   403   403 403  403  403   403    -",
    "GET /v1/users/me/numbers/{number_id}":                                        "401  404   403   403 403  403  403   403    404",
    "PATCH /v1/users/me/numbers/{number_id}":                                      "401  404   403   403 403  403  403   403    404",
    "DELETE /v1/users/me/numbers/{number_id}":                                     "401  404   403   403 403  403  403   403    404",
    "PUT /v1/users/me/phone-number":                                              "401  422   403   403 403  403  403   403    -",
    "POST /v1/users/me/phone-number/confirm":                                     "401  422   403   403 403  403  403   403    -",
    "GET /v1/users/me/preferences":                                                "401  200   403   403 403  403  403   403    -",
    "PUT /v1/users/me/preferences":                                                "401  422   403   403 403  403  403   403    -",
    "POST /v1/users/me/reactivate":                                                "401  409   403   403 403  403  403   403    -",
    "POST /v1/users/me/switch-type":                                               "401  422   403   403 403  403  403   403    -",
    "GET /v1/users/{user_id}":                                                     "401  403   404   404 404  403  404   403    -",
    "PATCH /v1/users/{user_id}":                                                   "401  403   404   404 404  403  403   403    -",
    "DELETE /v1/users/{user_id}":                                                  "401  403   404   403 403  403  403   403    -",
    "POST /v1/users/{user_id}/block":                                              "401  403   404   404 404  403  403   403    -",
    "POST /v1/users/{user_id}/open-sign-in":                                       "401  403   404   404 404  403  403   403    -",
    "POST /v1/users/{user_id}/deactivate":                                         "401  403   404   404 404  403  403   403    -",
    "PUT /v1/users/{user_id}/email":                                              "401  403   404   404 404  403  403   403    -",
    "GET /v1/users/{user_id}/export":                                              "401  403   404   404 403  403  403   403    -",
    "PUT /v1/users/{user_id}/kyc-tier":                                            "401  403   404   404 403  403  403   403    -",
    "PUT /v1/users/{user_id}/phone-number":                                       "401  403   404   404 404  403  403   403    -",
    "POST /v1/users/{user_id}/reactivate":                                         "401  403   404   404 404  403  403   403    -",
    "POST /v1/users/{user_id}/switch-type":                                        "401  403   404   404 404  403  403   403    -",
    "POST /v1/users/{user_id}/unblock":                                            "401  403   404   404 404  403  403   403    -",
    # admins
    "GET /v1/admins":                                                              "401  403   200   200 403  403  403   403    -",
    "POST /v1/admins":                                                             "401  403   422   403 403  403  403   403    -",
    "GET /v1/admins/me":                                                           "401  403   200   200 200  200  200   200    -",
    "PATCH /v1/admins/me":                                                         "401  403   422   422 422  422  422   422    -",
    "PUT /v1/admins/me/email":                                                    "401  403   422   422 422  422  422   422    -",
    "POST /v1/admins/me/email/confirm":                                           "401  403   422   422 422  422  422   422    -",
    "GET /v1/admins/{admin_id}":                                                   "401  403   404   404 403  403  403   403    -",
    "PATCH /v1/admins/{admin_id}":                                                 "401  403   404   403 403  403  403   403    -",
    "DELETE /v1/admins/{admin_id}":                                                "401  403   404   403 403  403  403   403    -",
    "POST /v1/admins/{admin_id}/block":                                            "401  403   404   403 403  403  403   403    -",
    "POST /v1/admins/{admin_id}/open-sign-in":                                     "401  403   404   403 403  403  403   403    -",
    "PUT /v1/admins/{admin_id}/role":                                              "401  403   404   403 403  403  403   403    -",
    "GET /v1/admins/{admin_id}/second-factor":                                     "401  403   404   404 403  403  403   403    -",
    "DELETE /v1/admins/{admin_id}/second-factor":                                  "401  403   404   403 403  403  403   403    -",
    "POST /v1/admins/{admin_id}/unblock":                                          "401  403   404   403 403  403  403   403    -",
    # roles
    "GET /v1/roles":                                                               "401  403   200   200 403  403  403   403    -",
    "POST /v1/roles":                                                              "401  403   422   403 403  403  403   403    -",
    "GET /v1/roles/permissions":                                                   "401  403   200   200 403  403  403   403    -",
    "GET /v1/roles/{role_id}":                                                     "401  403   404   404 403  403  403   403    -",
    "PUT /v1/roles/{role_id}":                                                     "401  403   404   403 403  403  403   403    -",
    "DELETE /v1/roles/{role_id}":                                                  "401  403   404   403 403  403  403   403    -",
    # sessions
    "GET /v1/sessions":                                                            "401  403   404   404 404  403  403   403    -",
    "DELETE /v1/sessions/{owner_id}":                                              "401  403   404   404 404  403  403   403    -",
    "DELETE /v1/sessions/{owner_id}/{session_id}":                                 "401  403   404   404 404  403  403   403    -",
    # operators
    "GET /v1/operators":                                                           "200  200   200   200 200  200  200   200    -",
    "POST /v1/operators":                                                          "401  403   422   422 403  403  403   403    -",
    "GET /v1/operators/admin":                                                     "401  403   200   200 200  200  200   200    -",
    "GET /v1/operators/circles":                                                   "200  200   200   200 200  200  200   200    -",
    "GET /v1/operators/connections":                                               "401  200   403   403 403  403  403   403    -",
    "PUT /v1/operators/connections/{phone_number}":                                "401  422   403   403 403  403  403   403    -",
    "GET /v1/operators/lookup":                                                    "200  200   200   200 200  200  200   200    -",
    "PATCH /v1/operators/{operator}":                                                  "401  403   404   404 403  403  403   404    -",
    "DELETE /v1/operators/{operator}":                                                 "401  403   404   404 403  403  403   403    -",
    # content
    "GET /v1/content":                                                             "200  200   200   200 200  200  200   200    -",
    "GET /v1/content/{slug}":                                                      "404  404   404   404 404  404  404   404    -",
    "GET /v1/content/images/{image_id}/{file}":                                    "404  404   404   404 404  404  404   404    -",
    "GET /v1/content/admin":                                                       "401  403   200   200 403  200  200   403    -",
    "POST /v1/content/admin":                                                      "401  403   422   422 403  422  403   403    -",
    "GET /v1/content/admin/images":                                                "401  403   200   200 403  200  200   403    -",
    "POST /v1/content/admin/images":                                               "401  403   422   422 403  422  403   403    -",
    "DELETE /v1/content/admin/images/{image_id}":                                  "401  403   404   404 403  404  403   403    -",
    "GET /v1/content/admin/{content_id}":                                          "401  403   404   404 403  404  404   403    -",
    "PATCH /v1/content/admin/{content_id}":                                        "401  403   422   422 403  422  403   403    -",
    "DELETE /v1/content/admin/{content_id}":                                       "401  403   404   404 403  404  403   403    -",
    "POST /v1/content/admin/{content_id}/editions":                                "401  403   422   422 403  422  403   403    -",
    "GET /v1/content/admin/{content_id}/editions/{edition}":                       "401  403   422   422 403  422  422   403    -",
    "POST /v1/content/admin/{content_id}/editions/{edition}/restore":              "401  403   422   422 403  422  403   403    -",
    "POST /v1/content/admin/{content_id}/publish":                                 "401  403   404   404 403  404  403   403    -",
    "POST /v1/content/admin/{content_id}/unpublish":                               "401  403   404   404 403  404  403   403    -",
    # family
    "GET /v1/family":                                                               "401  200   403   403 403  403  403   403    -",
    # autopay
    "GET /v1/autopay":                                                              "401  200   403   403 403  403  403   403    -",
    "POST /v1/autopay":                                                             "401  422   403   403 403  403  403   403    -",
    "GET /v1/autopay/admin":                                                        "401  403   200   200 200  403  200   200    -",
    "GET /v1/autopay/admin/calendar":                                               "401  403   200   200 200  403  200   200    -",
    "GET /v1/autopay/admin/{user_id}/{autopay_id}":                                 "401  403   404   404 404  403  404   404    -",
    "GET /v1/autopay/admin/{user_id}/{autopay_id}/attempts":                        "401  403   404   404 404  403  404   404    -",
    "GET /v1/autopay/admin/topups":                                                 "401  403   200   200 200  403  200   403    -",
    "GET /v1/autopay/topup":                                                        "401  404   403   403 403  403  403   403    -",
    "PUT /v1/autopay/topup":                                                        "401  422   403   403 403  403  403   403    -",
    "POST /v1/autopay/topup/pause":                                                 "401  404   403   403 403  403  403   403    -",
    "POST /v1/autopay/topup/resume":                                                "401  404   403   403 403  403  403   403    -",
    "POST /v1/autopay/topup/skip":                                                  "401  404   403   403 403  403  403   403    -",
    "GET /v1/autopay/topup/charges":                                                "401  200   403   403 403  403  403   403    -",
    "POST /v1/autopay/process-due":                                                 "401  403   200   200 403  403  403   403    -",
    "GET /v1/autopay/{autopay_id}":                                                 "401  404   403   403 403  403  403   403    404",
    "PATCH /v1/autopay/{autopay_id}":                                               "401  404   403   403 403  403  403   403    404",
    "DELETE /v1/autopay/{autopay_id}":                                              "401  404   403   403 403  403  403   403    404",
    "GET /v1/autopay/{autopay_id}/attempts":                                        "401  404   403   403 403  403  403   403    404",
    "POST /v1/autopay/{autopay_id}/pause":                                          "401  404   403   403 403  403  403   403    404",
    "POST /v1/autopay/{autopay_id}/resume":                                         "401  404   403   403 403  403  403   403    404",
    "POST /v1/autopay/{autopay_id}/skip":                                           "401  404   403   403 403  403  403   403    404",
    # plans
    "GET /v1/plans":                                                               "200  200   200   200 200  200  200   200    -",
    "POST /v1/plans":                                                              "401  403   422   422 403  403  403   422    -",
    "GET /v1/plans/admin":                                                         "401  403   200   200 200  200  200   200    -",
    "GET /v1/plans/admin/export":                                                  "401  403   200   200 200  200  200   200    -",
    "POST /v1/plans/admin/import":                                                 "401  403   422   422 403  403  403   422    -",
    "GET /v1/plans/admin/{plan_id}":                                               "401  403   404   404 404  404  404   404    -",
    "GET /v1/plans/admin/{plan_id}/versions":                                      "401  403   404   404 404  404  404   404    -",
    "GET /v1/plans/groups":                                                        "200  200   200   200 200  200  200   200    -",
    "POST /v1/plans/groups":                                                       "401  403   422   422 403  403  403   403    -",
    "GET /v1/plans/groups/admin":                                                  "401  403   200   200 200  200  200   200    -",
    "PATCH /v1/plans/groups/{group_id}":                                           "401  403   404   404 403  403  403   403    -",
    "DELETE /v1/plans/groups/{group_id}":                                          "401  403   404   404 403  403  403   403    -",
    "GET /v1/plans/{plan_id}":                                                     "404  404   404   404 404  404  404   404    -",
    "PATCH /v1/plans/{plan_id}":                                                   "401  403   404   404 403  403  403   404    -",
    "DELETE /v1/plans/{plan_id}":                                                  "401  403   404   404 403  403  403   404    -",
    # offers
    "GET /v1/offers":                                                              "200  200   200   200 200  200  200   200    -",
    "POST /v1/offers":                                                             "401  403   422   422 403  403  403   422    -",
    "GET /v1/offers/admin":                                                        "401  403   200   200 200  200  200   200    -",
    "GET /v1/offers/admin/{offer_id}":                                             "401  403   404   404 404  404  404   404    -",
    "GET /v1/offers/admin/{offer_id}/codes":                                        "401  403   404   404 404  404  404   404    -",
    "GET /v1/offers/admin/{offer_id}/figures":                                      "401  403   404   404 404  404  404   404    -",
    "GET /v1/offers/admin/{offer_id}/uses":                                         "401  403   404   404 404  404  404   404    -",
    "POST /v1/offers/{offer_id}/codes":                                             "401  403   404   404 403  403  403   404    -",
    "GET /v1/offers/types":                                                        "200  200   200   200 200  200  200   200    -",
    "POST /v1/offers/types":                                                       "401  403   422   422 403  403  403   403    -",
    "GET /v1/offers/types/admin":                                                  "401  403   200   200 200  200  200   200    -",
    "PATCH /v1/offers/types/{offer_type_id}":                                      "401  403   404   404 403  403  403   403    -",
    "DELETE /v1/offers/types/{offer_type_id}":                                     "401  403   404   404 403  403  403   403    -",
    "GET /v1/offers/{offer_id}":                                                   "404  404   404   404 404  404  404   404    -",
    "PATCH /v1/offers/{offer_id}":                                                 "401  403   404   404 403  403  403   404    -",
    "DELETE /v1/offers/{offer_id}":                                                "401  403   404   404 403  403  403   404    -",
    # approvals: what is shown and decided follows from the permissions of each act
    "GET /v1/approvals":                                                "401  403   200   200 200  200  200   200    -",
    "GET /v1/approvals/{approval_id}":                                  "401  403   404   404 404  404  404   404    -",
    "POST /v1/approvals/{approval_id}/approve":                         "401  403   404   404 404  404  404   404    -",
    "POST /v1/approvals/{approval_id}/reject":                          "401  403   404   404 404  404  404   404    -",
    "POST /v1/approvals/{approval_id}/cancel":                          "401  403   404   404 404  404  404   404    -",
    # channels
    "GET /v1/channels":                                                 "401  403   200   200 200  200  200   200    -",
    "POST /v1/channels":                                                "401  403   422   422 403  403  403   422    -",
    "PATCH /v1/channels/{channel}":                                        "401  403   404   404 403  403  403   404    -",
    "POST /v1/channels/{channel}/address/approve":                        "401  403   404   404 403  403  403   404    -",
    "POST /v1/channels/{channel}/address/reject":                         "401  403   404   404 403  403  403   404    -",
    "POST /v1/channels/{channel}/rotate-secrets":                         "401  403   404   404 403  403  403   404    -",
    "DELETE /v1/channels/{channel}":                                       "401  403   404   404 403  403  403   404    -",
    # reconciliation
    "GET /v1/reconciliation/runs":                                                    "401  403   200   200 200  403  200   403    -",
    "POST /v1/reconciliation/runs":                                                   "401  403   422   422 403  403  403   403    -",
    "GET /v1/reconciliation/runs/{run_id}":                                           "401  403   404   404 404  403  404   403    -",
    "GET /v1/reconciliation/runs/{run_id}/differences":                               "401  403   404   404 404  403  404   403    -",
    "POST /v1/reconciliation/runs/{run_id}/differences/{difference_id}/resolve":      "401  403   404   404 403  403  403   403    -",
    # wallet
    "GET /v1/wallet":                                                              "401  200   403   403 403  403  403   403    -",
    "GET /v1/campaigns":                                                             "401  403   200   200 200  200  200   403    -",
    "GET /v1/campaigns/{campaign_id}":                                               "401  403   404   404 404  404  404   403    -",
    "GET /v1/campaigns/{campaign_id}/result":                                        "401  403   404   404 404  404  404   403    -",
    "POST /v1/campaigns":                                                            "401  403   422   422 403  403  403   403    -",
    "POST /v1/campaigns/{campaign_id}/cancel":                                       "401  403   404   404 403  403  403   403    -",
    "GET /v1/analytics/current-active-plans":                                       "401  403   200   200 403  403  200   200    -",
    "GET /v1/analytics/me":                                                         "401  200   403   403 403  403  403   403    -",
    "GET /v1/analytics/transactions":                                               "401  403   200   200 403  403  200   200    -",
    "GET /v1/referrals/me":                                                          "401  200   403   403 403  403  403   403    -",
    "GET /v1/referrals/me/rewards":                                                  "401  200   403   403 403  403  403   403    -",
    "GET /v1/referrals/admin":                                                       "401  403   200   200 200  403  200   403    -",
    "GET /v1/referrals/admin/{user_id}/{reward_id}":                                 "401  403   404   404 404  403  404   403    -",
    "POST /v1/referrals/admin/{user_id}/{reward_id}/hold":                           "401  403   404   404 403  403  403   403    -",
    "POST /v1/referrals/admin/{user_id}/{reward_id}/reject":                         "401  403   404   404 403  403  403   403    -",
    "POST /v1/referrals/admin/{user_id}/{reward_id}/release":                        "401  403   404   404 403  403  403   403    -",
    "GET /v1/velocity/held-back":                                                   "401  403   200   200 200  403  200   403    -",
    "GET /v1/velocity/allowances":                                                  "401  403   200   200 200  403  200   403    -",
    "POST /v1/velocity/allowances":                                                 "401  403   422   422 403  403  403   403    -",
    "DELETE /v1/velocity/allowances/{allowance_id}":                                "401  403   404   404 403  403  403   403    -",
    "GET /v1/wallet/admin/adjustments":                                            "401  403   200   200 200  403  200   403    -",
    "POST /v1/wallet/admin/adjustments":                                           "401  403   422   422 403  403  403   403    -",
    "GET /v1/wallet/admin/adjustments/{user_id}/{adjustment_id}":                  "401  403   404   404 404  403  404   403    -",
    "POST /v1/wallet/admin/adjustments/{user_id}/{adjustment_id}/approve":         "401  403   404   404 403  403  403   403    -",
    "POST /v1/wallet/admin/adjustments/{user_id}/{adjustment_id}/cancel":          "401  403   404   404 403  403  403   403    -",
    "POST /v1/wallet/admin/adjustments/{user_id}/{adjustment_id}/reject":          "401  403   404   404 403  403  403   403    -",
    "GET /v1/wallet/admin/transactions":                                           "401  403   200   200 200  403  200   200    -",
    "GET /v1/wallet/admin/transactions/{user_id}/{transaction_id}":                "401  403   404   404 404  403  404   404    -",
    "GET /v1/wallet/admin/users/{user_id}":                                        "401  403   404   404 404  403  404   403    -",
    "GET /v1/wallet/admin/users/{user_id}/balance":                                "401  403   404   404 404  403  404   403    -",
    "GET /v1/wallet/admin/users/{user_id}/ledger":                                 "401  403   404   404 404  403  404   404    -",
    "GET /v1/wallet/balance":                                                      "401  200   403   403 403  403  403   403    -",
    "GET /v1/wallet/transactions":                                                 "401  200   403   403 403  403  403   403    -",
    "GET /v1/wallet/transactions/{transaction_id}":                                "401  404   403   403 403  403  403   403    404",
    "POST /v1/wallet/topups":                                                      "401  422   403   403 403  403  403   403    -",
    # payments
    "GET /v1/payments":                                                            "401  200   403   403 403  403  403   403    -",
    "GET /v1/payments/admin":                                                      "401  403   200   200 200  403  200   403    -",
    "GET /v1/payments/admin/{user_id}/{payment_id}":                               "401  403   404   404 404  403  404   403    -",
    "POST /v1/payments/admin/{user_id}/{payment_id}/refunds":                      "401  403   404   404 403  403  403   403    -",
    "POST /v1/payments/webhooks/razorpay":                                         "401  401   401   401 401  401  401   401    -",
    "GET /v1/payments/{payment_id}":                                               "401  404   403   403 403  403  403   403    404",
    "POST /v1/payments/{payment_id}/check":                                        "401  404   403   403 403  403  403   403    404",
    "POST /v1/payments/{payment_id}/confirm":                                      "401  404   403   403 403  403  403   403    404",
    # recharge
    "GET /v1/recharge":                                                            "401  200   403   403 403  403  403   403    -",
    "GET /v1/recharge/admin":                                                      "401  403   200   200 200  403  200   200    -",
    "GET /v1/recharge/admin/plans":                                                "401  403   200   200 200  403  200   200    -",
    "GET /v1/recharge/admin/{user_id}/{recharge_id}":                              "401  403   404   404 404  403  404   404    -",
    "GET /v1/recharge/admin/{user_id}/{recharge_id}/receipt":                      "401  403   404   404 404  403  404   404    -",
    "POST /v1/recharge/admin/{user_id}/{recharge_id}/refund":                      "401  403   404   404 403  403  403   404    -",
    "POST /v1/recharge/admin/{user_id}/{recharge_id}/resolve":                     "401  403   404   404 403  403  403   404    -",
    "GET /v1/recharge/by-key/{idempotency_key}":                                   "401  404   403   403 403  403  403   403    404",
    "POST /v1/recharge/callbacks/{channel}":                                       "401  401   401   401 401  401  401   401    -",
    "GET /v1/recharge/plans":                                                      "401  200   403   403 403  403  403   403    -",
    "POST /v1/recharge/quote":                                                     "401  422   403   403 403  403  403   403    -",
    "POST /v1/recharge/subscribe":                                                 "401  422   403   403 403  403  403   403    -",
    "GET /v1/recharge/{recharge_id}":                                              "401  404   403   403 403  403  403   403    404",
    "GET /v1/recharge/{recharge_id}/receipt":                                      "401  404   403   403 403  403  403   403    404",
    "POST /v1/recharge/{recharge_id}/repeat":                                      "401  404   403   403 403  403  403   403    404",
    # mandates
    "GET /v1/mandates":                                                             "401  200   403   403 403  403  403   403    -",
    "POST /v1/mandates":                                                            "401  422   403   403 403  403  403   403    -",
    "GET /v1/mandates/admin":                                                       "401  403   200   200 200  403  200   403    -",
    "GET /v1/mandates/{mandate_id}":                                                "401  404   403   403 403  403  403   403    404",
    "DELETE /v1/mandates/{mandate_id}":                                             "401  404   403   403 403  403  403   403    404",
    # devices
    "GET /v1/devices":                                                             "401  200   200   200 200  200  200   200    -",
    "GET /v1/devices/web-key":                                                     "404  404   404   404 404  404  404   404    -",
    "PUT /v1/devices/mobile":                                                      "401  422   422   422 422  422  422   422    -",
    "PUT /v1/devices/web":                                                         "401  422   422   422 422  422  422   422    -",
    "DELETE /v1/devices/{device_id}":                                              "401  404   404   404 404  404  404   404    404",
    # messages
    "GET /v1/messages/unsubscribe":                                                "422  422   422   422 422  422  422   422    -",
    "POST /v1/messages/unsubscribe":                                               "422  422   422   422 422  422  422   422    -",
    "POST /v1/messages/resubscribe":                                               "422  422   422   422 422  422  422   422    -",
    "POST /v1/messages/bounces":                                                   "401  401   401   401 401  401  401   401    -",
    "GET /v1/messages/costs":                                                      "401  403   200   200 200  200  200   403    -",
    "GET /v1/messages/parked":                                                     "401  403   200   200 200  200  200   403    -",
    "POST /v1/messages/parked/resend":                                             "401  403   202   202 403  403  403   403    -",
    "POST /v1/messages/parked/{message_id}/resend":                                "401  403   404   404 403  403  403   403    -",
    # notifications
    "GET /v1/notifications/admin/templates":                                       "401  403   200   200 200  200  200   403    -",
    "GET /v1/notifications/admin/templates/{kind}/{language}":                     "401  403   422   422 422  422  422   403    -",
    "POST /v1/notifications/admin/templates/{kind}/{language}/editions":           "401  403   422   422 403  403  403   403    -",
    "GET /v1/notifications/admin/templates/{kind}/{language}/editions/{edition}/preview": "401  403   422   422 422  422  422   403    -",
    "POST /v1/notifications/admin/templates/{kind}/{language}/editions/{edition}/restore": "401  403   422   422 403  403  403   403    -",
    "POST /v1/notifications/admin/templates/{kind}/{language}/editions/{edition}/test": "401  403   422   422 403  403  403   403    -",
    "POST /v1/notifications/admin/templates/{kind}/{language}/publish":            "401  403   422   422 403  403  403   403    -",
    "GET /v1/notifications":                                                       "401  200   200   200 200  200  200   200    -",
    "GET /v1/notifications/unread-count":                                          "401  200   200   200 200  200  200   200    -",
    # With an id that is none: a stream that is open has no end.
    "GET /v1/notifications/stream":                                                "401  422   422   422 422  422  422   422    -",
    "POST /v1/notifications/viewed-all":                                           "401  200   200   200 200  200  200   200    -",
    "DELETE /v1/notifications/{notification_id}":                                  "401  404   404   404 404  404  404   404    404",
    "POST /v1/notifications/{notification_id}/viewed":                             "401  404   404   404 404  404  404   404    404",
    # webhooks
    "GET /v1/webhooks/deliveries":                                                 "401  403   200   200 200  403  200   403    -",
    "GET /v1/webhooks/deliveries/{delivery_id}":                                   "401  403   404   404 404  403  404   403    -",
    "POST /v1/webhooks/deliveries/{delivery_id}/redeliver":                        "401  403   404   404 403  403  403   403    -",
    "GET /v1/webhooks/endpoints":                                                  "401  403   200   200 200  403  200   403    -",
    "POST /v1/webhooks/endpoints":                                                 "401  403   422   403 403  403  403   403    -",
    "GET /v1/webhooks/endpoints/{endpoint_id}":                                    "401  403   404   404 404  403  404   403    -",
    "PATCH /v1/webhooks/endpoints/{endpoint_id}":                                  "401  403   404   403 403  403  403   403    -",
    "DELETE /v1/webhooks/endpoints/{endpoint_id}":                                 "401  403   404   403 403  403  403   403    -",
    "POST /v1/webhooks/endpoints/{endpoint_id}/rotate-secret":                     "401  403   404   403 403  403  403   403    -",
    "POST /v1/webhooks/endpoints/{endpoint_id}/test":                              "401  403   404   404 403  403  403   403    -",
    # audit-logs
    "GET /v1/audit-logs":                                                          "401  403   200   200 403  403  403   403    -",
    "GET /v1/audit-logs/{entry_id}":                                               "401  403   404   404 403  403  403   403    -",
}
# fmt: on
