"""What the API takes and answers. Written by `make clients`; do not edit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, RootModel, StringConstraints


class BoardPlan(BaseModel):
    """
    A base plan that is active on a number, or waits behind the active one.
    """

    recharge_id: UUID
    plan_id: UUID
    plan_name: str
    valid_until: AwareDatetime | None
    days_left: int | None
    """
    Whole days; null for a plan that is queued.
    """


class BrowserClient(RootModel[Literal["console", "app"] | str]):
    root: Literal["console", "app"] | str
    """
    One of our own pages.
    """


class CallbackReceived(BaseModel):
    """
    The callback was accepted.
    """

    status: str


class ChangeEmail(BaseModel):
    """
    The new address.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    email: str


class ChangeUserStatus(BaseModel):
    """
    Why.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    reason: str


class CircleOut(BaseModel):
    """
    A telecom circle (licence service area).
    """

    code: str
    name: str
    category: Literal["Metro", "A", "B", "C"] | str


class ConfirmEmail(BaseModel):
    """
    The code that was sent to the new address.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    otp: str
    """
    The six digits that were sent.
    """


class ConfirmPayment(BaseModel):
    """
    What the gateway's checkout returns.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    razorpay_order_id: str
    razorpay_payment_id: str
    razorpay_signature: str


class ConfirmPhoneNumber(BaseModel):
    """
    The codes that were sent to both numbers.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    otp: str
    """
    The six digits that were sent to the new number.
    """
    old_otp: str
    """
    The six digits that were sent to the present number.
    """


class ContactChangeOut(BaseModel):
    """
    The same answer for what is free and for what another account has.
    """

    message: str
    expires_in_seconds: int
    resend_after_seconds: int


class FieldProblemOut(BaseModel):
    """
    One wrong field: where it is (`body.amount`), what would be right, and a stable code.
    """

    field: str
    message: str
    code: str


class FlatGain(BaseModel):
    """
    A fixed amount.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    kind: Literal["flat"]
    amount: Decimal
    """
    Rupees, at most two decimals.
    """


class Headings(RootModel[Literal["names", "words"] | str]):
    root: Literal["names", "words"] | str
    """
    What stands above the columns of a CSV file or a sheet.
    """


class LiveOut(BaseModel):
    """
    The process answers.
    """

    status: str


class MaintenanceOut(BaseModel):
    """
    When an operator works on its systems. From `starts_at` until `ends_at` no recharge is accepted; show the text from now on.
    """

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    text: str
    text_hi: str


class OfferSort(RootModel[Literal["special", "ending", "newest", "name"] | str]):
    root: Literal["special", "ending", "newest", "name"] | str
    """
    The order of the offer list: special ones first, soonest to end first, newest first, by name.
    """


class OfferTypeOut(BaseModel):
    """
    An offer type, with how many of its offers hold now.
    """

    offer_type_id: UUID
    name: str
    description: str
    offer_count: int


class OperatorMaintenanceOut(MaintenanceOut):
    """
    When an operator works on its systems: show the text from now on. From `starts_at` until `ends_at` none of its plans can be bought.
    """

    operator: str


class OwnSentEnquiryOut(BaseModel):
    """
    We have my enquiry, and I can read on there.
    """

    enquiry_id: UUID
    """
    Quote it if you write or call about this again.
    """
    created_at: AwareDatetime


class PayeeOut(BaseModel):
    """
    Where money goes that is left when the account is closed. The number itself is kept by the gateway only.
    """

    kind: Literal["upi", "bank_account"] | str
    """
    What money is sent to.
    """
    destination: str
    """
    Enough to recognise it.
    """
    holder: str
    """
    First letters of the name at the bank.
    """
    verified_at: AwareDatetime


class PayeeUpdate(BaseModel):
    """
    A UPI id, or a bank account with its IFSC and the name of its holder.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    upi_address: str | None = None
    account_number: str | None = None
    ifsc: str | None = None
    """
    Of the account's branch.
    """
    account_name: str | None = None
    """
    The holder, as the bank has the name.
    """


class PercentGain(BaseModel):
    """
    A percentage with a cap, so that its cost is bounded.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    kind: Literal["percent"]
    percent: Decimal
    """
    A percentage, at most two decimals.
    """
    cap: Decimal
    """
    Rupees, at most two decimals.
    """


class PictureLinks(BaseModel):
    """
    Where the forms of a picture are. They never change: a client may keep them for good.
    """

    image_id: UUID
    alt: str
    """
    What is to be seen, for those who can't.
    """
    width: int
    """
    Pixels of the whole picture.
    """
    height: int
    url: str
    """
    The whole picture, JPEG or PNG.
    """
    large_url: str
    """
    At most 1,280 pixels wide and high, WebP.
    """
    thumbnail_url: str
    """
    At most 320 pixels wide and high, WebP.
    """


class PlanGroupOut(BaseModel):
    """
    A plan group, with how many of its plans are on sale now.
    """

    group_id: UUID
    name: str
    description: str
    sort_order: int
    plan_count: int


class PlanSort(RootModel[Literal["popular", "price", "-price", "validity", "-validity", "name"] | str]):
    root: Literal["popular", "price", "-price", "validity", "-validity", "name"] | str
    """
    The order of the plan list; a minus means falling.
    """


class PreferencesOut(BaseModel):
    """
    Which messages I want, and what may be done with my data.
    """

    email_notification: bool
    sms_notification: bool
    marketing_communication: bool
    recharge_reminders: bool
    promotional_offers: bool
    transactional_alerts: bool
    data_analytics: bool
    third_party_integrations: bool
    updated_at: AwareDatetime | None
    """
    null: never changed; these are the defaults.
    """


class ProblemOut(BaseModel):
    """
    An RFC 9457 problem document.
    """

    type: str
    """
    The page about this error.
    """
    title: str
    status: int
    detail: str
    code: (
        Literal[
            "access_token_expired",
            "access_token_invalid",
            "account_already_exists",
            "adjustment_already_decided",
            "adjustment_already_expired",
            "adjustment_not_found",
            "admin_already_archived",
            "admin_blocked",
            "admin_not_active",
            "admin_not_blocked",
            "admin_not_found",
            "admins_only",
            "amount_invalid",
            "announcement_already_cancelled",
            "announcement_not_draft",
            "announcement_not_found",
            "announcement_not_readable",
            "announcement_not_sent",
            "approval_already_decided",
            "approval_already_expired",
            "approval_already_pending",
            "approval_not_found",
            "approval_requester_only",
            "approval_second_admin_required",
            "audit_entry_not_found",
            "authenticator_code_required",
            "auto_topup_in_progress",
            "auto_topup_not_found",
            "auto_topup_status_not_allowed",
            "autopay_already_exists",
            "autopay_amount_invalid",
            "autopay_date_invalid",
            "autopay_in_progress",
            "autopay_interval_invalid",
            "autopay_limit_exceeded",
            "autopay_method_invalid",
            "autopay_not_found",
            "autopay_status_not_allowed",
            "backup_confirmation_mismatch",
            "backup_database_limit_exceeded",
            "backup_database_not_found",
            "backup_in_use",
            "backup_invalid",
            "backup_limit_exceeded",
            "backup_link_not_found",
            "backup_not_found",
            "backup_restore_already_running",
            "backup_run_already_ended",
            "backup_run_already_open",
            "backup_run_not_found",
            "bad_request",
            "balance_limit_exceeded",
            "base_plan_required",
            "bill_already_paid",
            "bill_amount_invalid",
            "bill_changed",
            "bill_customers_exceeded",
            "bill_expired",
            "bill_lookups_exceeded",
            "bill_not_found",
            "bill_not_repeatable",
            "bill_operator_required",
            "bill_operator_unavailable",
            "bill_payment_pending",
            "bounce_signature_invalid",
            "callback_reference_not_found",
            "callback_signature_invalid",
            "campaign_budget_already_exists",
            "campaign_budget_invalid",
            "campaign_budget_not_found",
            "campaign_not_found",
            "campaign_offer_invalid",
            "campaign_over",
            "channel_address_changed",
            "channel_address_not_pending",
            "channel_already_exists",
            "channel_amounts_invalid",
            "channel_commission_invalid",
            "channel_in_use",
            "channel_not_found",
            "channel_second_admin_required",
            "channel_url_invalid",
            "checkout_signature_invalid",
            "circle_invalid",
            "circle_mismatch",
            "complaint_already_open",
            "complaint_already_resolved",
            "complaint_assignee_invalid",
            "complaint_not_found",
            "conflict",
            "contact_change_limit_exceeded",
            "contact_change_not_found",
            "contact_code_invalid",
            "contact_form_invalid",
            "content_already_exists",
            "content_edition_not_found",
            "content_not_found",
            "content_picture_invalid",
            "counterparty_invalid",
            "cursor_invalid",
            "database_unavailable",
            "day_invalid",
            "development_only",
            "device_not_found",
            "difference_already_resolved",
            "difference_not_found",
            "difference_superseded",
            "documents_unavailable",
            "duplicate_recharge",
            "email_already_confirmed",
            "email_already_exists",
            "endpoint_disabled",
            "endpoint_events_invalid",
            "endpoint_not_found",
            "endpoint_url_invalid",
            "enquiry_already_resolved",
            "enquiry_assignee_invalid",
            "enquiry_not_found",
            "enquiry_not_resolved",
            "enquiry_reopen_time_over",
            "enquiry_sender_not_reachable",
            "enquiry_thread_limit_exceeded",
            "forbidden",
            "foreign_origin",
            "fresh_sign_in_required",
            "gateway_declined",
            "gateway_timeout",
            "gateway_unavailable",
            "headers_too_large",
            "host_not_allowed",
            "idempotency_in_progress",
            "idempotency_key_required",
            "idempotency_key_reused",
            "instant_invalid",
            "insufficient_balance",
            "internal_error",
            "invalid",
            "kyc_request_already_decided",
            "kyc_request_already_pending",
            "kyc_request_not_found",
            "kyc_tier_already_set",
            "last_super_admin",
            "mail_unavailable",
            "maintenance",
            "malformed_json",
            "mandate_amount_exceeded",
            "mandate_limit_exceeded",
            "mandate_not_active",
            "mandate_not_found",
            "message_not_found",
            "method_not_allowed",
            "metrics_token_invalid",
            "no_bill_due",
            "not_found",
            "not_signed_in",
            "note_not_found",
            "note_of_another_admin",
            "notice_edition_not_found",
            "notice_template_not_found",
            "notification_not_found",
            "number_is_prepaid",
            "number_not_of_operator",
            "offer_already_published",
            "offer_already_used",
            "offer_changed",
            "offer_code_already_exists",
            "offer_code_limit_exceeded",
            "offer_code_not_allowed",
            "offer_code_not_found",
            "offer_code_not_yours",
            "offer_code_used",
            "offer_ended",
            "offer_not_applicable",
            "offer_not_begun",
            "offer_not_found",
            "offer_status_not_allowed",
            "offer_type_already_exists",
            "offer_type_in_use",
            "offer_type_not_found",
            "offer_used_up",
            "operator_already_exists",
            "operator_channel_unavailable",
            "operator_down",
            "operator_in_use",
            "operator_invalid",
            "operator_mismatch",
            "operator_not_found",
            "operator_out_of_scope",
            "operator_scope_too_narrow",
            "otp_invalid",
            "otp_limit_exceeded",
            "otp_locked",
            "otp_too_soon",
            "own_account",
            "own_referral_code",
            "own_role",
            "payee_checks_exceeded",
            "payee_invalid",
            "payee_not_found",
            "payee_not_verified",
            "payment_not_captured",
            "payment_not_found",
            "payout_not_allowed",
            "payout_not_found",
            "payouts_unavailable",
            "permission_denied",
            "permission_not_found",
            "permission_not_held",
            "phone_number_already_exists",
            "phone_number_unchanged",
            "picture_in_use",
            "picture_invalid",
            "picture_not_found",
            "picture_too_large",
            "plan_already_exists",
            "plan_already_published",
            "plan_file_invalid",
            "plan_group_already_exists",
            "plan_group_in_use",
            "plan_group_not_found",
            "plan_import_invalid",
            "plan_inactive",
            "plan_not_found",
            "plan_not_queued",
            "plan_not_returnable",
            "plan_queue_changed",
            "plan_status_not_allowed",
            "plan_type_mismatch",
            "precondition_failed",
            "price_changed",
            "push_endpoint_invalid",
            "rank_too_low",
            "rate_limited",
            "receipt_not_ready",
            "receipt_signature_invalid",
            "recharge_not_found",
            "recharge_not_pending",
            "recharge_not_refundable",
            "reconciliation_run_not_found",
            "reference_already_used",
            "referral_code_invalid",
            "referral_reward_not_found",
            "referral_reward_not_held",
            "referral_reward_not_holdable",
            "referral_reward_not_rejectable",
            "refresh_token_invalid",
            "refund_too_large",
            "report_file_already_ended",
            "report_file_limit_exceeded",
            "report_file_not_found",
            "report_file_not_ready",
            "report_link_not_found",
            "report_schedule_limit_exceeded",
            "report_schedule_not_found",
            "report_too_large",
            "request_timeout",
            "requester_only",
            "resolution_not_allowed",
            "resource_changed",
            "resource_locked",
            "role_already_exists",
            "role_in_use",
            "role_not_found",
            "role_protected",
            "running_plan_ends",
            "saved_number_already_exists",
            "saved_number_limit_exceeded",
            "saved_number_not_found",
            "second_admin_required",
            "second_approver_required",
            "second_factor_invalid",
            "second_factor_locked",
            "second_factor_not_found",
            "second_factor_not_removable",
            "second_factor_not_set_up",
            "second_factor_not_usable",
            "second_factor_required",
            "second_factor_setup_not_started",
            "server_busy",
            "server_restarting",
            "service_type_mismatch",
            "session_ended",
            "session_not_found",
            "sign_in_not_locked",
            "sign_in_suspended",
            "sign_in_unavailable",
            "sms_unavailable",
            "sort_invalid",
            "step_up_required",
            "storage_unavailable",
            "stored_file_not_found",
            "submission_unanswered",
            "too_large",
            "too_many_connections",
            "too_many_live_connections",
            "too_many_requests",
            "topup_limit_exceeded",
            "transaction_not_found",
            "unauthorized",
            "unavailable",
            "unsubscribe_link_invalid",
            "user_already_archived",
            "user_already_registered",
            "user_blocked",
            "user_not_active",
            "user_not_blocked",
            "user_not_deactivated",
            "user_not_found",
            "user_type_already_set",
            "users_only",
            "validation_failed",
            "velocity_allowance_not_found",
            "velocity_limit_exceeded",
            "wallet_amount_invalid",
            "wallet_has_holds",
            "wallet_not_empty",
            "wallet_not_found",
            "web_push_key_not_found",
            "webhook_delivery_not_found",
            "webhook_signature_invalid",
            "work_assignee_invalid",
            "work_item_not_found",
            "work_not_closable",
            "work_not_repeatable",
            "write_conflict",
        ]
        | str
    )
    """
    What went wrong, for a program. Codes are only ever added: treat one that you don't know by its status. `/errors/{code}` is the page about it.
    """
    request_id: str
    errors: list[FieldProblemOut] | None = None
    trace_id: str | None = None


class ProfileUpdate(BaseModel):
    """
    What a user may change of themselves here; what is left out stays.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    name: str | None = None
    language: Literal["en", "hi"] | str | None = None
    """
    In which I read notices.
    """


class PushKeys(BaseModel):
    """
    The keys of a subscription.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    p256dh: str
    auth: str


class QueuedPlanOut(BaseModel):
    """
    A plan that waits for its turn.
    """

    recharge_id: UUID
    plan_id: UUID
    plan_name: str
    operator: str
    starts_at: AwareDatetime | None
    """
    When it starts if nothing changes. null if a plan before it is not yours to see.
    """
    ends_at: AwareDatetime | None


class QuotedReason(BaseModel):
    """
    Why an offer does not apply.
    """

    code: str
    message: str


class RechargeCategory(
    RootModel[
        Literal[
            "unlimited",
            "data_addon",
            "talktime",
            "roaming",
            "postpaid_rental",
            "bill",
        ]
        | str
    ]
):
    root: Literal["unlimited", "data_addon", "talktime", "roaming", "postpaid_rental", "bill"] | str
    """
    What a recharge buys: a plan of one of the plans' categories, or the payment of a bill.
    """


class Refresh(BaseModel):
    """
    A refresh token. Without a body it is the cookie's, for a page that names itself in `X-GenCharge-Client`.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    refresh_token: str | None = None


class RegisterBrowser(BaseModel):
    """
    A browser's `PushSubscription`, as its `toJSON()` gives it.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    endpoint: str
    keys: PushKeys
    expirationTime: Decimal | None = None
    """
    Of the subscription; not used.
    """
    language: Literal["en", "hi"] | str = "en"
    """
    A language, by its ISO 639-1 code. English is there whatever else is missing.
    """


class RegisterDevice(BaseModel):
    """
    An app's token.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    platform: Literal["android", "ios"] | str
    token: str
    """
    That of FCM or of APNs.
    """
    app_version: str = ""
    language: Literal["en", "hi"] | str = "en"
    """
    A language, by its ISO 639-1 code. English is there whatever else is missing.
    """
    badge: int = 0
    """
    What the app's icon shows now.
    """


class ReplacePreferences(BaseModel):
    """
    All eight switches.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    email_notification: bool
    """
    Notices by e-mail.
    """
    sms_notification: bool
    """
    Notices by SMS.
    """
    marketing_communication: bool
    """
    Consent: news and marketing.
    """
    recharge_reminders: bool
    """
    A reminder before a plan ends.
    """
    promotional_offers: bool
    """
    Consent: offers.
    """
    transactional_alerts: bool
    """
    What happened to money and plans.
    """
    data_analytics: bool
    """
    Consent: use of my data for analytics.
    """
    third_party_integrations: bool
    """
    Consent: passing data on.
    """


class ReplacedPlan(BaseModel):
    """
    The plan that the new one ended before its time.
    """

    plan_name: str
    valid_until: AwareDatetime
    """
    Until when it would have run.
    """


class ReportFormat(RootModel[Literal["csv", "json", "xlsx", "pdf", "parquet"] | str]):
    root: Literal["csv", "json", "xlsx", "pdf", "parquet"] | str
    """
    The formats of a report.
    """


class RequestKyc(BaseModel):
    """
    Ask for the full tier.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    document: Literal["passport", "driving_licence", "voter_id", "aadhaar", "pan"] | str
    """
    What I can show. Send neither its number nor a picture: the staff ask for what they need.
    """


class RunningPlan(BaseModel):
    """
    The base plan that is active on the number now.
    """

    recharge_id: UUID
    """
    The recharge that it was bought with.
    """
    plan_name: str
    valid_until: AwareDatetime


class SellerOut(BaseModel):
    """
    The seller, as registered when the receipt was issued.
    """

    name: str
    address: str
    gstin: str
    state_code: str


class SendContactForm(BaseModel):
    """
    A visitor's enquiry. An e-mail address or a phone number is needed; we answer by e-mail.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    form_token: str
    """
    From `GET /contact/form`, at most a day old.
    """
    name: str
    email: str | None = None
    phone_number: str | None = None
    category: (
        Literal["recharge", "payment", "refund", "wallet", "account", "offers", "complaint", "other"] | str
    )
    """
    What an enquiry is about.
    """
    message: str
    """
    Plain text of up to 4,000 characters; HTML and Markdown are shown as they are written.
    """
    language: Literal["en", "hi"] | str = "en"
    """
    The language to answer in.
    """
    website: str = ""
    """
    Leave it empty, and hide it in the form: only programs fill it in.
    """


class SendEnquiry(BaseModel):
    """
    A customer's enquiry, about one of their recharges if they name it.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    category: (
        Literal["recharge", "payment", "refund", "wallet", "account", "offers", "complaint", "other"] | str
    )
    """
    What an enquiry is about.
    """
    message: str
    """
    Plain text of up to 4,000 characters; HTML and Markdown are shown as they are written.
    """
    recharge_id: UUID | None = None
    """
    One of my recharges.
    """


class SentEnquiryOut(BaseModel):
    """
    We have it.
    """

    enquiry_id: UUID
    """
    Quote it if you write or call about this again.
    """
    created_at: AwareDatetime


class SessionOut(BaseModel):
    """
    A sign-in.
    """

    session_id: UUID
    device: str
    address: str
    created_at: AwareDatetime
    last_used_at: AwareDatetime
    expires_at: AwareDatetime
    current: bool


class SessionsEnded(BaseModel):
    """
    How many sessions ended.
    """

    ended: int


class SignUp(BaseModel):
    """
    A new customer's number.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    phone_number: str
    """
    Indian mobile number; spaces and hyphens are forgiven, the answer has E.164.
    """


class SpendingSum(BaseModel):
    """
    Delivered recharges that were not refunded in full.
    """

    recharges: int
    """
    How many.
    """
    paid: Decimal
    """
    What they cost, less refunds in part.
    """
    saved: Decimal
    """
    Discounts and cashback of offers.
    """


class StartPlan(BaseModel):
    """
    Start a queued plan now.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    replaced_recharge_id: UUID | None = None
    """
    The `recharge_id` of the plan that runs now and is to end. null: nothing runs. If it is another one, nothing is changed, and 409 `running_plan_ends` says what runs.
    """


class StoreHealth(BaseModel):
    """
    One store: does it answer, and how fast.
    """

    status: str
    latency_ms: Decimal | None
    problem: str | None = None
    lag_seconds: Decimal | None = None
    """
    Of a replica: how old what it shows is at most. `null`: not known, or no replica.
    """


class Subscribe(BaseModel):
    """
    Recharge a number with a plan. The price is the server's; the client says which one it expects.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    reference: str | None = None
    """
    Your own name for it, such as an order number: unique among what you make of this kind, for ever. In answers, lists, webhooks and reports. Readable by the staff, so put no personal data into it.
    """
    metadata: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+$")], str] | None = None
    """
    Up to 10 short texts of your own, given back with it and in webhooks. Encrypted where they are kept.
    """
    operator: str | None = None
    """
    The number's operator. Null: the one that we know of, which for a ported number may be wrong. If the number is another operator's, that one refuses the recharge and the money comes back.
    """
    circle: str | None = None
    """
    The number's circle; null: the one that we know of.
    """
    amount: Decimal | None = None
    """
    Of a plan of any amount: what it is to cost, as `amounts` of the plan allow. Null for a plan with one price.
    """
    offer_id: UUID | None = None
    """
    The offer to use. If it does not apply, nothing is sold, and the error says why.
    """
    offer_code: str | None = None
    """
    The same by the offer's code; capitals, blanks and hyphens don't matter.
    """
    automatic_offer: bool = True
    """
    Without a chosen offer: use the one that saves most, of those that need no code. None changes what is paid to anything but `expected_price`. False: no offer.
    """
    phone_number: str
    """
    Indian mobile number; spaces and hyphens are forgiven, the answer has E.164.
    """
    plan_id: UUID
    payment_method: Literal["wallet", "upi", "card", "netbanking"] | str
    """
    How something is paid.
    """
    wallet_amount: Decimal | None = None
    """
    With upi, card or netbanking: the part that the wallet pays; null: none.
    """
    source: Literal["web", "app", "api"] | str = "web"
    """
    Where a request came from.
    """
    activation_mode: Literal["queue", "activate"] | str = "queue"
    """
    What a new base plan does if another one is active: wait for its end, or replace it.
    """
    confirm_duplicate: bool = False
    """
    True: once more, though the same number got the same plan within the last minute.
    """
    expected_price: Decimal | None = None
    """
    What the customer agreed to pay: `payable` of the quote. If it costs anything else now, nothing is sold, and 409 `price_changed` names the new price. Null: sold at whatever it costs.
    """


class TalktimeTerms(BaseModel):
    """
    What the operator keeps of an amount: the tax inside it, and a processing fee. The rest is talktime.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    gst_percent: int = 18
    fee_percent: Decimal
    """
    The processing fee, as a share of the amount.
    """
    fee_cap: Decimal
    """
    The highest processing fee.
    """


class TimelineStep(BaseModel):
    """
    One thing that happened.
    """

    step: (
        Literal[
            "ordered",
            "paid",
            "sent",
            "delivered",
            "started",
            "failed",
            "refunded",
            "cancelled",
            "complained",
            "complaint_settled",
        ]
        | str
    )
    """
    What happened to a recharge.
    """
    at: AwareDatetime
    text: str
    """
    For people.
    """


class TokensOut(BaseModel):
    """
    Both tokens. For a page that names itself in `X-GenCharge-Client` the refresh token is a cookie that scripts can't read.
    """

    access_token: str
    refresh_token: str | None
    """
    Null if it is in a cookie.
    """
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    """
    Life of the access token in seconds.
    """
    kind: Literal["user", "admin"] | str
    user_id: UUID


class TopUp(BaseModel):
    """
    Put money into my wallet.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    reference: str | None = None
    """
    Your own name for it, such as an order number: unique among what you make of this kind, for ever. In answers, lists, webhooks and reports. Readable by the staff, so put no personal data into it.
    """
    metadata: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+$")], str] | None = None
    """
    Up to 10 short texts of your own, given back with it and in webhooks. Encrypted where they are kept.
    """
    amount: Decimal
    """
    Rupees, at most two decimals.
    """
    payment_method: Literal["upi", "card", "netbanking"] | str
    """
    How money comes in through the gateway.
    """
    source: Literal["web", "app", "api"] | str = "web"
    """
    Where a request came from.
    """


class TopUpOut(BaseModel):
    """
    A payment that the customer has yet to make, on `checkout_url` or with the gateway's own checkout.
    """

    payment_id: UUID
    status: Literal["created", "authorized", "failed", "captured", "partially_refunded", "refunded"] | str
    """
    The state of a payment. It only moves forward: a late or repeated report changes nothing.
    """
    amount: Decimal
    """
    Rupees, at most two decimals.
    """
    currency: str
    gateway: str
    order_id: str
    key_id: str
    """
    The gateway's public key, for its checkout.
    """
    checkout_url: str | None
    reference: str | None
    """
    The caller's own name for it.
    """
    metadata: dict[str, str] | None
    """
    What the caller noted; null for staff without `PersonalData:read`.
    """


class TopUpRoom(BaseModel):
    """
    What of the limits of my KYC tier is left now. Months and financial years (from 1 April) are India's.
    """

    possible: Decimal
    """
    The largest top-up that all limits allow now.
    """
    balance: Decimal
    """
    What the wallet can hold beside what is in it.
    """
    monthly_load: Decimal | None
    """
    Left of this month; null: no monthly limit.
    """
    yearly_load: Decimal | None
    """
    Left of this financial year; null: no yearly limit.
    """


class UnreadCount(BaseModel):
    """
    How many are unread.
    """

    unread_count: int


class VerifyOtp(BaseModel):
    """
    A number, and the code that was sent to it.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    phone_number: str
    """
    Indian mobile number; spaces and hyphens are forgiven, the answer has E.164.
    """
    challenge_id: str
    """
    From the answer to the request that sent the code.
    """
    otp: str
    """
    The six digits that were sent.
    """


class ViewedCount(BaseModel):
    """
    How many were unread until now.
    """

    viewed_count: int


class WalletLimits(BaseModel):
    """
    What the wallet may hold and load at the customer's KYC tier (RBI Master Direction on PPIs).
    """

    kyc_tier: str
    balance: Decimal
    """
    Rupees, at most two decimals.
    """
    monthly_load: Decimal | None
    """
    null: no monthly limit.
    """
    yearly_load: Decimal | None


class WalletOut(BaseModel):
    """
    A wallet now.
    """

    balance: Decimal
    """
    What can be spent.
    """
    held: Decimal
    """
    Set aside for recharges that operators have not confirmed yet.
    """
    currency: str = "INR"
    limits: WalletLimits


class WebPushKey(BaseModel):
    """
    What a browser subscribes with (`applicationServerKey`).
    """

    public_key: str


class WebhookReceived(BaseModel):
    """
    The webhook was taken.
    """

    outcome: str


class WriteAgain(BaseModel):
    """
    The next message about an enquiry.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    message: str
    """
    Plain text of up to 4,000 characters; HTML and Markdown are shown as they are written.
    """


class YearSpending(SpendingSum):
    """
    A year of the calendar.
    """

    year: int


class AmountSample(BaseModel):
    """
    An amount that the pages suggest.
    """

    amount: Decimal
    """
    Rupees, at most two decimals.
    """
    talktime: Decimal | None
    """
    What the operator credits for it; null: the tariff does not say.
    """


class AmountsOut(BaseModel):
    """
    What a plan of any amount is sold for: from `minimum` to `maximum` in steps of `step`.
    """

    minimum: Decimal
    """
    The same as the plan's `price`.
    """
    maximum: Decimal
    """
    Rupees, at most two decimals.
    """
    step: Decimal
    """
    Rupees, at most two decimals.
    """
    samples: list[AmountSample]
    """
    What the pages suggest.
    """
    talktime: TalktimeTerms | None
    """
    null: the tariff does not say what is credited.
    """


class AutoTopupChargeOut(BaseModel):
    """
    What became of one charge.
    """

    charge_id: UUID
    amount: Decimal
    """
    Rupees, at most two decimals.
    """
    outcome: Literal["succeeded", "failed", "skipped"] | str
    """
    What became of a charge of an automatic top-up.
    """
    reason: str | None
    """
    The code of the refusal.
    """
    payment_id: UUID | None
    attempted_at: AwareDatetime


class AutoTopupChargePage(BaseModel):
    items: list[AutoTopupChargeOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class AutoTopupOut(BaseModel):
    """
    My automatic top-up.
    """

    threshold: Decimal
    """
    Rupees, at most two decimals.
    """
    amount: Decimal
    """
    Rupees, at most two decimals.
    """
    monthly_max: Decimal
    """
    Rupees, at most two decimals.
    """
    mandate_id: UUID
    status: Literal["active", "paused"] | str
    """
    The state of an automatic top-up.
    """
    pause_reason: (
        Literal["customer", "mandate_ended", "mandate_limit", "account_inactive", "failing"] | str | None
    )
    charge_at: AwareDatetime | None
    """
    When the announced charge is made, unless the wallet holds `threshold` again by then. Null: none is announced.
    """
    held_back: Literal["monthly_max", "wallet_limit"] | str | None
    """
    The limit that keeps the next charge back.
    """
    tries: int
    """
    How often the announced charge has failed; after the fourth time it is paused.
    """
    payment_id: UUID | None
    """
    The payment that is under way.
    """
    created_at: AwareDatetime
    updated_at: AwareDatetime


class AutoTopupSet(BaseModel):
    """
    Fill my wallet up when it runs low.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    threshold: Decimal
    """
    When the wallet holds less than this.
    """
    amount: Decimal
    """
    What is charged then: at least `threshold`, so that one charge is enough.
    """
    monthly_max: Decimal
    """
    The most that is charged in a month of India's calendar; at least `amount`.
    """
    mandate_id: UUID
    """
    The mandate that pays.
    """
    source: Literal["web", "app", "api"] | str = "web"
    """
    Where a request came from.
    """


class AutopayAttemptOut(BaseModel):
    """
    One try to run an autopay, or a due date that was left out.
    """

    attempt_id: UUID
    autopay_id: UUID
    due_at: AwareDatetime
    attempted_at: AwareDatetime
    outcome: Literal["succeeded", "failed", "abandoned", "paused", "skipped"] | str
    """
    How a try to run an autopay ended.
    """
    reason: str | None
    """
    The code of the refusal, or why it was paused.
    """
    amount: Decimal
    """
    Rupees, at most two decimals.
    """
    recharge_id: UUID | None
    late_seconds: int
    """
    How long after it was due.
    """


class AutopayAttemptPage(BaseModel):
    items: list[AutopayAttemptOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class BalanceOut(BaseModel):
    """
    A wallet at an instant: the sum of its transactions up to and including it.
    """

    user_id: UUID
    at: AwareDatetime
    posted: Decimal
    """
    available + held.
    """
    held: Decimal
    """
    Rupees, at most two decimals.
    """
    available: Decimal
    """
    What could be spent.
    """


class Benefits(BaseModel):
    """
    What a plan gives. A megabyte is 1/1024 of a gigabyte; null means that the tariff does not say.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    data_total_mb: int | None = None
    """
    Data over the whole validity.
    """
    data_per_day_mb: int | None = None
    """
    Data that is fresh each day.
    """
    voice_unlimited: bool = False
    voice_minutes: int | None = None
    sms_total: int | None = None
    sms_per_day: int | None = None
    talktime: Decimal | None = None
    """
    Balance for calls, in rupees.
    """
    extras: list[str] = []


class BillOut(BaseModel):
    """
    A postpaid bill, as its operator had it when it was fetched.
    """

    bill_id: UUID
    status: Literal["due", "paying", "paid", "closed"] | str
    """
    `paying` while a payment is on its way to the operator; `closed`: the operator no longer asks for it.
    """
    phone_number: str
    operator: str
    circle: str | None
    customer_name: str
    """
    First letters only, to recognise one's own bill.
    """
    amount: Decimal
    """
    What is left to pay.
    """
    minimum: Decimal
    """
    The least that the operator takes; the whole `amount` if it is `exact`.
    """
    part_payment: Literal["exact", "minimum", "any"] | str
    """
    `exact`: all of it at once; `minimum`: `minimum` or more; `any`: Rs 1 or more.
    """
    due_on: date
    """
    The last day to pay, in India.
    """
    is_overdue: bool
    period_from: date | None
    period_to: date | None
    fetched_at: AwareDatetime
    expires_at: AwareDatetime
    """
    Pay by then; later, fetch the bill again.
    """
    recharge_id: UUID | None
    """
    The payment that is on its way, or the last one: `GET /v1/recharge/{recharge_id}`.
    """


class BillPage(BaseModel):
    items: list[BillOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class BoardAutopay(BaseModel):
    """
    The next run of the autopays for a number.
    """

    autopay_id: UUID
    plan_name: str
    next_due_at: AwareDatetime
    amount: Decimal
    """
    What it costs, as of the last look.
    """


class BoardBill(BaseModel):
    """
    A postpaid bill that is to be paid, as it was when it was last fetched.
    """

    bill_id: UUID
    amount: Decimal
    """
    Rupees, at most two decimals.
    """
    due_on: date
    """
    The last day to pay, in India.
    """
    is_overdue: bool
    fetched_at: AwareDatetime


class BoughtPlanOut(BaseModel):
    """
    A plan that was bought for a number.
    """

    recharge_id: UUID
    """
    The recharge that it was bought with.
    """
    phone_number: str
    plan_id: UUID
    plan_name: str
    operator: str
    plan_type: str
    category: str
    is_addon: bool
    status: (
        Literal[
            "payment_pending",
            "processing",
            "active",
            "queued",
            "expired",
            "replaced",
            "failed",
            "refunded",
            "cancelled",
            "unknown",
            "paid",
        ]
        | str
    )
    """
    The status of a recharge with its plan, as customers and staff see it.
    """
    valid_from: AwareDatetime | None
    valid_until: AwareDatetime | None
    days_left: int | None
    """
    Whole days until it ends; null unless active.
    """
    bought_at: AwareDatetime


class BoughtPlanPage(BaseModel):
    items: list[BoughtPlanOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class CancelledPlanOut(BaseModel):
    """
    A queued plan that was given back.
    """

    recharge_id: UUID
    refund_id: UUID
    amount: Decimal
    """
    What went into the wallet.
    """
    cancelled_at: AwareDatetime


class ChangePhoneNumber(BaseModel):
    """
    The new number.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    phone_number: str
    """
    Indian mobile number; spaces and hyphens are forgiven, the answer has E.164.
    """


class CirclePage(BaseModel):
    items: list[CircleOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class CodeSent(ContactChangeOut):
    """
    The same answer for every number, known or not.
    """

    challenge_id: str
    """
    Send it back with the code. Only who has it can use the code.
    """


class Complain(BaseModel):
    """
    Complain about a recharge of mine.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    recharge_id: UUID
    reason: (
        Literal[
            "not_delivered",
            "charged_twice",
            "wrong_amount",
            "refund_missing",
            "wrong_plan",
            "benefits_missing",
        ]
        | str
    )
    """
    What is wrong with a recharge.
    """


class ComplaintOut(BaseModel):
    """
    A complaint of mine.
    """

    complaint_id: UUID
    recharge_id: UUID
    reason: (
        Literal[
            "not_delivered",
            "charged_twice",
            "wrong_amount",
            "refund_missing",
            "wrong_plan",
            "benefits_missing",
        ]
        | str
    )
    """
    What is wrong with a recharge.
    """
    status: Literal["open", "upheld", "rejected"] | str
    """
    Where a complaint stands.
    """
    due_at: AwareDatetime
    """
    Until then it has to be settled.
    """
    created_at: AwareDatetime
    resolved_at: AwareDatetime | None
    resolution: str | None
    """
    How it ended, in words.
    """


class ComplaintPage(BaseModel):
    items: list[ComplaintOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class ConnectionOut(BaseModel):
    """
    A number as its user corrected it.
    """

    phone_number: str
    operator: str
    circle: str | None
    service_type: Literal["prepaid", "postpaid"] | str
    """
    How a connection is paid: before (prepaid) or by a bill (postpaid).
    """
    updated_at: AwareDatetime


class ConnectionPage(BaseModel):
    items: list[ConnectionOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class ContactFormOut(BaseModel):
    """
    What a form for visitors needs.
    """

    form_token: str
    """
    Send it with the form.
    """
    expires_in_seconds: int
    categories: list[
        Literal["recharge", "payment", "refund", "wallet", "account", "offers", "complaint", "other"] | str
    ]


class ContentOut(BaseModel):
    """
    Content as it is shown.
    """

    slug: str
    kind: Literal["banner", "landing", "faq", "about", "privacy", "terms", "refund_policy", "support"] | str
    """
    Where content is shown.
    """
    language: Literal["en", "hi"] | str
    """
    The language of the texts.
    """
    title: str
    summary: str
    body: str
    """
    Markdown.
    """
    html: str
    """
    The body as HTML that can be shown as it is.
    """
    button: str
    """
    The label of `link`; empty: none.
    """
    link: str
    """
    Where it leads; empty: nowhere.
    """
    image: PictureLinks | None
    position: int
    """
    Lower comes first.
    """
    published_at: AwareDatetime


class ContentPage(BaseModel):
    items: list[ContentOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class CorrectConnection(BaseModel):
    """
    A user's correction of a number.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    operator: str
    circle: str | None = None
    service_type: Literal["prepaid", "postpaid"] | str
    """
    How a connection is paid: before (prepaid) or by a bill (postpaid).
    """


class DeviceOut(BaseModel):
    """
    A device. Its address is not shown.
    """

    device_id: UUID
    platform: Literal["web", "android", "ios"] | str
    """
    What a device runs.
    """
    app_version: str
    language: Literal["en", "hi"] | str
    """
    A language, by its ISO 639-1 code. English is there whatever else is missing.
    """
    registered_at: AwareDatetime
    last_seen_at: AwareDatetime


class Devices(BaseModel):
    """
    My devices, at most 20.
    """

    devices: list[DeviceOut]


class EnquiryMessage(BaseModel):
    """
    A message of a thread. `kind`: from me, from the staff, or how it ended.
    """

    entry_id: UUID
    kind: Literal["message", "reply", "resolution", "note"] | str
    """
    What a part of a thread is.
    """
    text: str
    """
    Plain text: show it as it is, never as HTML.
    """
    created_at: AwareDatetime


class EnquiryOut(BaseModel):
    """
    An enquiry.
    """

    enquiry_id: UUID
    category: (
        Literal["recharge", "payment", "refund", "wallet", "account", "offers", "complaint", "other"] | str
    )
    """
    What an enquiry is about.
    """
    status: Literal["open", "answered", "resolved", "spam"] | str
    """
    Where an enquiry stands.
    """
    recharge_id: UUID | None
    excerpt: str
    """
    How the first message begins.
    """
    created_at: AwareDatetime
    updated_at: AwareDatetime
    resolved_at: AwareDatetime | None
    can_be_reopened_until: AwareDatetime | None
    """
    A message before then opens a resolved enquiry again; null while it is not resolved.
    """


class EnquiryPage(BaseModel):
    items: list[EnquiryOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class FamilyNumber(BaseModel):
    """
    A number, and what is on it.
    """

    phone_number: str
    nickname: str | None
    """
    Null for my own number.
    """
    is_own: bool
    number_id: UUID | None
    """
    Of a saved number.
    """
    operator: str | None
    circle: str | None
    plan: BoardPlan | None
    """
    The active base plan: on my own number whoever bought it, on others if I did.
    """
    queued_plan: BoardPlan | None
    """
    The first one that waits behind it.
    """
    bill: BoardBill | None
    """
    What I fetched with `POST /v1/bills/fetch` and is to be paid.
    """
    autopay: BoardAutopay | None
    """
    Null also while it is paused.
    """


class FetchBill(BaseModel):
    """
    Whose bill?
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    phone_number: str
    """
    Indian mobile number; spaces and hyphens are forgiven, the answer has E.164.
    """
    operator: str | None = None
    """
    The number's operator. Null: the one that we know of; numbers are ported, so state it if you know it.
    """
    circle: str | None = None


class Interval(BaseModel):
    """
    The time between two runs.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    n: int
    unit: Literal["day", "month"] | str
    """
    How the time between two runs is counted.
    """


class IntervalOut(BaseModel):
    """
    The time between two runs.
    """

    n: int
    unit: Literal["day", "month"] | str
    """
    How the time between two runs is counted.
    """


class KycRequestOut(BaseModel):
    """
    A request of mine.
    """

    kyc_request_id: UUID
    tier: Literal["small", "full"] | str
    """
    How well we know the user; decides the wallet's limits (RBI Master Direction on PPIs).
    """
    document: Literal["passport", "driving_licence", "voter_id", "aadhaar", "pan"] | str
    """
    What a customer shows: the officially valid documents (RBI Master Direction on KYC, section 3), and the PAN.
    """
    status: Literal["pending", "approved", "rejected"] | str
    """
    Where a request stands.
    """
    created_at: AwareDatetime
    decided_at: AwareDatetime | None
    rejection_reason: str | None
    """
    Why it was rejected.
    """


class KycRequestPage(BaseModel):
    items: list[KycRequestOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class Login(BaseModel):
    """
    The number of an account.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    phone_number: str
    """
    Indian mobile number; spaces and hyphens are forgiven, the answer has E.164.
    """
    refresh_token: str | None = None
    """
    The last refresh token of this device, also an expired one. It shows that the device is known here: wrong codes that others give for the number then don't keep it out.
    """


class LookupOut(BaseModel):
    """
    The connection of a number; null if unknown.
    """

    phone_number: str
    operator: str | None
    circle: str | None
    service_type: Literal["prepaid", "postpaid"] | str | None
    known_by: Literal["user", "registry", "hint"] | str | None
    """
    `user`: you said so; `registry`: the number-portability registry says so; `hint`: only the number's block says so.
    """


class MandateCreate(BaseModel):
    """
    Allow charges without a checkout.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    payment_method: Literal["upi", "card", "netbanking"] | str
    """
    How money comes in through the gateway.
    """
    max_amount: Decimal
    """
    The most that one charge may be; at most 15,000.00.
    """
    valid_months: int = 60
    """
    How many months it holds.
    """
    source: Literal["web", "app", "api"] | str = "web"
    """
    Where a request came from.
    """


class MandateOut(BaseModel):
    """
    What I allow to be charged.
    """

    mandate_id: UUID
    payment_method: Literal["upi", "card", "netbanking"] | str
    """
    How money comes in through the gateway.
    """
    status: Literal["pending", "active", "ended"] | str
    """
    The state of a mandate.
    """
    end_reason: Literal["customer", "bank", "expired", "not_approved", "account_closed"] | str | None
    max_amount: Decimal
    """
    The most that one charge may be.
    """
    expires_at: AwareDatetime
    payment_id: UUID
    """
    The payment of one rupee that registers it.
    """
    created_at: AwareDatetime
    updated_at: AwareDatetime


class MandatePage(BaseModel):
    items: list[MandateOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class MonthSpending(SpendingSum):
    """
    A month.
    """

    month: str


class NotificationOut(BaseModel):
    """
    A notification. `kind` names the template, `subject` what it is about, `data` has its id.
    """

    notification_id: UUID
    type: Literal["transactional", "reminder", "announcement", "promotional"] | str
    """
    What a notice is for; preferences and quiet hours depend on it.
    """
    kind: str
    title: str
    body: str
    data: dict[str, Any]
    subject: str | None
    created_at: AwareDatetime
    viewed_at: AwareDatetime | None
    """
    Null: unread.
    """


class NotificationPage(BaseModel):
    """
    A page of an inbox, newest first.
    """

    items: list[NotificationOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """
    unread_count: int
    """
    Unread ones in the whole inbox, whatever the filters.
    """


class NumberSpending(SpendingSum):
    """
    A number that I recharged.
    """

    phone_number: str


class OfferConditions(BaseModel):
    """
    Whom and what an offer is for. All that are given must hold; an empty list is no condition.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    min_amount: Decimal | None = None
    """
    For plans of this price or more.
    """
    user_types: list[Literal["prepaid", "postpaid"] | str] = []
    new_user_only: bool = False
    """
    Only for a user's first recharge.
    """
    sources: list[Literal["web", "app", "api"] | str] = []
    plan_groups: list[UUID] = []
    plans: list[UUID] = []
    operators: list[str] = []
    circles: list[str] = []
    payment_methods: list[Literal["wallet", "upi", "card", "netbanking"] | str] = []
    weekdays: list[
        Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | str
    ] = []
    """
    Days of the week in India (IST).
    """
    one_time_code: bool = False
    """
    Only with a one-time code of `POST /v1/offers/{offer_id}/codes`.
    """


class OfferReward(BaseModel):
    """
    What an offer gives: less to pay (discount), money back into the wallet afterwards (cashback), or both.

    A discount never exceeds the price; the cashback is calculated from the rest, and never exceeds that.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    discount: FlatGain | PercentGain | None = None
    cashback: FlatGain | PercentGain | None = None


class OfferTypePage(BaseModel):
    items: list[OfferTypeOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class OperatorOut(BaseModel):
    """
    A mobile operator.
    """

    code: str
    name: str
    display_name: str
    status: Literal["up", "degraded", "down"] | str
    """
    `down`: no recharge is accepted at the moment.
    """
    maintenance: MaintenanceOut | None
    """
    A window that is running, comes, or was the last one; null: none is set.
    """


class OperatorPage(BaseModel):
    items: list[OperatorOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class OrderQueue(BaseModel):
    """
    Another order of a number's queued plans.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    phone_number: str
    """
    Indian mobile number; spaces and hyphens are forgiven, the answer has E.164.
    """
    recharge_ids: list[UUID]
    """
    The queued plans in the order in which they are to start, each once and none left out.
    """


class PartSpending(SpendingSum):
    """
    A part of a distribution.
    """

    key: str


class PayBill(BaseModel):
    """
    Pay a bill, or a part of it, from the wallet or through the gateway.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    reference: str | None = None
    """
    Your own name for it, such as an order number: unique among what you make of this kind, for ever. In answers, lists, webhooks and reports. Readable by the staff, so put no personal data into it.
    """
    metadata: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+$")], str] | None = None
    """
    Up to 10 short texts of your own, given back with it and in webhooks. Encrypted where they are kept.
    """
    expected_amount: Decimal
    """
    `amount` of the bill, as the customer saw it. If something else is due now, nothing is taken, and 409 `bill_changed` names the new amount.
    """
    amount: Decimal | None = None
    """
    How much to pay; null: all of it. `part_payment` and `minimum` say what is taken.
    """
    payment_method: Literal["wallet", "upi", "card", "netbanking"] | str = "wallet"
    """
    `wallet`, or how the customer pays at the gateway: the answer then has a `payment`, and the bill is paid when that is.
    """
    source: Literal["web", "app", "api"] | str = "web"
    """
    Where a request came from.
    """


class PaymentData(BaseModel):
    """
    The state of a payment.
    """

    payment_id: UUID
    user_id: UUID
    status: Literal["created", "authorized", "failed", "captured", "partially_refunded", "refunded"] | str
    """
    The state of a payment. It only moves forward: a late or repeated report changes nothing.
    """
    amount: Decimal
    """
    Rupees, at most two decimals.
    """
    purpose: Literal["topup", "recharge"] | str
    """
    What a payment is for.
    """
    recharge_id: UUID | None
    """
    The recharge that it pays; null for a top-up.
    """
    order_id: str | None = None
    payment_method: str | None = None
    failure_reason: str | None = None
    reference: str | None = None
    """
    The caller's own name for it.
    """
    metadata: dict[str, str] | None = None
    """
    What the caller noted; null for staff without `PersonalData:read`.
    """


class PaymentDue(BaseModel):
    """
    What the customer pays at the gateway now.
    """

    payment_id: UUID
    gateway: str
    order_id: str
    key_id: str
    """
    The gateway's public key, for its checkout.
    """
    amount: Decimal
    """
    Rupees, at most two decimals.
    """
    currency: str = "INR"
    checkout_url: str | None
    status: str
    """
    The payment's own status now.
    """


class PaymentMessage(BaseModel):
    """
    A message about a payment.
    """

    type: str
    timestamp: AwareDatetime
    data: PaymentData


class PaymentOut(BaseModel):
    """
    A payment.
    """

    payment_id: UUID
    purpose: Literal["topup", "recharge"] | str
    """
    What a payment is for.
    """
    recharge_id: UUID | None
    """
    The recharge that it pays for; null for a top-up.
    """
    amount: Decimal
    """
    Rupees, at most two decimals.
    """
    currency: str
    payment_method: str
    source: str
    status: Literal["created", "authorized", "failed", "captured", "partially_refunded", "refunded"] | str
    """
    The state of a payment. It only moves forward: a late or repeated report changes nothing.
    """
    failure_reason: str | None
    refunded_amount: Decimal
    """
    Rupees, at most two decimals.
    """
    reference: str | None
    """
    The caller's own name for it.
    """
    metadata: dict[str, str] | None
    """
    What the caller noted; null for staff without `PersonalData:read`.
    """
    created_at: AwareDatetime
    captured_at: AwareDatetime | None


class PaymentPage(BaseModel):
    items: list[PaymentOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class PlanGroupPage(BaseModel):
    items: list[PlanGroupOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class PlanSpending(SpendingSum):
    """
    A plan that I bought.
    """

    plan_id: UUID
    name: str
    """
    As it was called when I bought it last.
    """


class QueueOut(BaseModel):
    """
    What waits on a number, in the order in which it starts.
    """

    phone_number: str
    plans: list[QueuedPlanOut]


class Quote(BaseModel):
    """
    What would it cost, and when would it start?
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    operator: str | None = None
    """
    The number's operator. Null: the one that we know of, which for a ported number may be wrong. If the number is another operator's, that one refuses the recharge and the money comes back.
    """
    circle: str | None = None
    """
    The number's circle; null: the one that we know of.
    """
    amount: Decimal | None = None
    """
    Of a plan of any amount: what it is to cost, as `amounts` of the plan allow. Null for a plan with one price.
    """
    offer_id: UUID | None = None
    """
    The offer to use. If it does not apply, nothing is sold, and the error says why.
    """
    offer_code: str | None = None
    """
    The same by the offer's code; capitals, blanks and hyphens don't matter.
    """
    automatic_offer: bool = True
    """
    Without a chosen offer: use the one that saves most, of those that need no code. None changes what is paid to anything but `expected_price`. False: no offer.
    """
    phone_number: str
    """
    Indian mobile number; spaces and hyphens are forgiven, the answer has E.164.
    """
    plan_id: UUID
    activation_mode: Literal["queue", "activate"] | str = "queue"
    """
    What a new base plan does if another one is active: wait for its end, or replace it.
    """
    payment_method: Literal["wallet", "upi", "card", "netbanking"] | str | None = None
    """
    How it would be paid: some offers depend on it.
    """
    source: Literal["web", "app", "api"] | str = "web"
    """
    Where a request came from.
    """


class QuotedOffer(BaseModel):
    """
    An offer for this plan: what it would save, or every reason why it does not apply.
    """

    offer_id: UUID
    name: str
    offer_code: str | None
    applies: bool
    discount: Decimal
    """
    Rupees, at most two decimals.
    """
    cashback: Decimal
    """
    Rupees, at most two decimals.
    """
    reasons: list[QuotedReason]


class ReadyOut(BaseModel):
    """
    Can this process serve? `degraded`: yes, but a store that money does not need is away.
    """

    status: str
    stores: dict[str, StoreHealth]


class ReceiptOut(BaseModel):
    """
    A receipt: a tax invoice. Every price includes the tax (SAC 998413: mobile telecommunications services).

    `taxable_value`, `cgst`, `sgst` and `igst` together are `total_paid`, to the paisa. They are 0 for
    the payment of a postpaid bill.
    """

    is_tax_invoice: bool = True
    """
    False for the payment of a postpaid bill: the operator's own bill has the GST, so this receipt names none.
    """
    receipt_number: str
    """
    Consecutive in its series and financial year.
    """
    recharge_id: UUID
    issued_at: AwareDatetime
    recharged_at: AwareDatetime
    seller: SellerOut
    customer_name: str | None
    phone_number: str
    operator: str
    plan_name: str
    plan_type: str
    price: Decimal
    """
    Rupees, at most two decimals.
    """
    talktime: Decimal | None
    """
    What the operator credits of an amount that the customer chose; null if the tariff does not say, and of a plan with one price.
    """
    discount: Decimal
    """
    Rupees, at most two decimals.
    """
    sac: str
    taxable_value: Decimal
    """
    Rupees, at most two decimals.
    """
    gst: Decimal
    """
    All of the tax.
    """
    gst_percent: int
    cgst: Decimal
    """
    Rupees, at most two decimals.
    """
    sgst: Decimal
    """
    In a union territory without a legislature: UTGST.
    """
    igst: Decimal
    """
    Instead of the other two, if the place of supply is in another state.
    """
    place_of_supply: str
    """
    The state's two digits.
    """
    total_paid: Decimal
    """
    Rupees, at most two decimals.
    """
    total_in_words: str
    paid_from_wallet: Decimal
    """
    Rupees, at most two decimals.
    """
    paid_through_gateway: Decimal
    """
    Rupees, at most two decimals.
    """
    payment_method: Literal["wallet", "upi", "card", "netbanking"] | str
    """
    How something is paid.
    """
    payment_reference: str | None
    """
    The gateway's, if it took a part of the payment.
    """
    cashback: Decimal
    """
    What the offer pays into the wallet with the delivery. The tax is that of `total_paid` all the same.
    """
    refunded: Decimal
    """
    Rupees, at most two decimals.
    """
    operator_reference: str
    channel: str
    """
    How it got to the operator; `internal`: in the operator's own system.
    """
    status: (
        Literal[
            "payment_pending",
            "processing",
            "active",
            "queued",
            "expired",
            "replaced",
            "failed",
            "refunded",
            "cancelled",
            "unknown",
            "paid",
        ]
        | str
    )
    """
    The status of a recharge with its plan, as customers and staff see it.
    """


class RechargeData(BaseModel):
    """
    The state of a recharge.
    """

    recharge_id: UUID
    user_id: UUID
    phone_number: str
    """
    The recharged number, E.164.
    """
    operator: str
    plan_name: str
    status: (
        Literal[
            "payment_pending",
            "processing",
            "active",
            "queued",
            "expired",
            "replaced",
            "failed",
            "refunded",
            "cancelled",
            "unknown",
            "paid",
        ]
        | str
        | None
    )
    """
    As `GET /v1/recharge/{recharge_id}` says it. null after a refund in part, which changes no status.
    """
    amount: Decimal
    """
    What is paid; of `recharge.failed`, `recharge.refunded` and `recharge.cancelled`: what went back.
    """
    talktime: Decimal | None = None
    """
    Of `recharge.delivered`: what the operator credits of an amount that the customer chose. null of a plan with one price.
    """
    payment_id: UUID | None = None
    payment_method: str | None = None
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    failure_reason: str | None = None
    """
    Why it failed.
    """
    reason: str | None = None
    """
    Why it was refunded.
    """
    refund_id: UUID | None = None
    """
    The refund of `recharge.refunded`: a recharge may be refunded in several parts.
    """
    reference: str | None = None
    """
    The caller's own name for it.
    """
    metadata: dict[str, str] | None = None
    """
    What the caller noted; null for staff without `PersonalData:read`.
    """


class RechargeMessage(BaseModel):
    """
    A message about a recharge.
    """

    type: str
    timestamp: AwareDatetime
    data: RechargeData


class RechargeOut(BaseModel):
    """
    A recharge as it is now.
    """

    recharge_id: UUID
    status: (
        Literal[
            "payment_pending",
            "processing",
            "active",
            "queued",
            "expired",
            "replaced",
            "failed",
            "refunded",
            "cancelled",
            "unknown",
            "paid",
        ]
        | str
    )
    """
    The status of a recharge with its plan, as customers and staff see it.
    """
    phone_number: str
    plan_id: UUID | None
    """
    Null for the payment of a bill.
    """
    bill_id: UUID | None
    """
    The bill that it pays: `GET /v1/bills/{bill_id}`.
    """
    plan_version: int
    """
    0 for the payment of a bill.
    """
    plan_name: str
    operator: str
    plan_type: str
    category: str
    price: Decimal
    """
    Rupees, at most two decimals.
    """
    talktime: Decimal | None
    """
    What the operator credits of the `amount`, after tax and processing fee. Null if the tariff does not say, and of a plan with one price, whose benefits say it.
    """
    discount: Decimal
    """
    Rupees, at most two decimals.
    """
    cashback: Decimal
    """
    Paid into the wallet when the recharge is delivered.
    """
    offer_id: UUID | None
    """
    The offer that it was sold with.
    """
    wallet_amount: Decimal
    """
    Rupees, at most two decimals.
    """
    gateway_amount: Decimal
    """
    Rupees, at most two decimals.
    """
    total_paid: Decimal
    """
    Rupees, at most two decimals.
    """
    payment_method: Literal["wallet", "upi", "card", "netbanking"] | str
    """
    How something is paid.
    """
    source: str
    valid_from: AwareDatetime | None
    valid_until: AwareDatetime | None
    failure_reason: str | None
    reference: str | None
    """
    The caller's own name for it.
    """
    metadata: dict[str, str] | None
    """
    What the caller noted; null for staff without `PersonalData:read`.
    """
    created_at: AwareDatetime
    completed_at: AwareDatetime | None


class RechargePage(BaseModel):
    items: list[RechargeOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class ReferralFigures(BaseModel):
    """
    My rewards by what became of them.
    """

    friends: int
    """
    How many registered with my code.
    """
    pending: int
    """
    Rewards that wait for the friend's first recharge.
    """
    under_review: int
    """
    Rewards that are held while we look at them.
    """
    earned: int
    """
    Rewards that are about to be paid.
    """
    paid: int
    reversed: int
    paid_amount: Decimal
    """
    What the paid rewards add up to.
    """
    coming_amount: Decimal
    """
    What the pending, held and earned ones add up to.
    """
    owed: Decimal
    """
    What was paid for recharges that were refunded and had been spent. It comes off later rewards.
    """


class ReferralOut(BaseModel):
    """
    My code, what it brings, and what it has brought.
    """

    code: str
    link: str | None
    """
    A link to share; null if there is none.
    """
    referrer_reward: Decimal
    """
    What I get for a friend who registers with my code now.
    """
    friend_reward: Decimal
    """
    What the friend gets.
    """
    minimum_recharge: Decimal
    """
    What the friend's first recharge has to cost at least.
    """
    figures: ReferralFigures


class RefundData(BaseModel):
    """
    The state of a refund of a payment to its source.
    """

    refund_id: UUID
    payment_id: UUID
    user_id: UUID
    status: Literal["created", "processing", "processed", "failed"] | str
    """
    The state of a refund to the source. Its money is held from the start.
    """
    amount: Decimal
    """
    Rupees, at most two decimals.
    """
    failure_reason: str | None = None


class RefundMessage(BaseModel):
    """
    A message about a refund.
    """

    type: str
    timestamp: AwareDatetime
    data: RefundData


class RefundOut(BaseModel):
    """
    A refund to where the payment came from.
    """

    refund_id: UUID
    amount: Decimal
    """
    Rupees, at most two decimals.
    """
    status: Literal["created", "processing", "processed", "failed"] | str
    """
    The state of a refund to the source. Its money is held from the start.
    """
    reason: str
    failure_reason: str | None
    created_at: AwareDatetime
    completed_at: AwareDatetime | None


class Register(BaseModel):
    """
    Who the new customer is.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    name: str
    email: str
    user_type: Literal["prepaid", "postpaid"] | str
    """
    How the user's own number is billed.
    """
    referral_code: str | None = None
    """
    Of the customer who referred you.
    """


class Registered(BaseModel):
    """
    What is known about the new customer now.
    """

    user_id: UUID
    name: str
    email: str
    email_confirmed: bool
    """
    false: confirm the address with `PUT /v1/users/me/email` and the code that it sends.
    """
    user_type: Literal["prepaid", "postpaid"] | str
    """
    How the user's own number is billed.
    """
    referral_code: str
    """
    Yours, for those whom you refer.
    """
    registered_at: AwareDatetime


class RepeatRecharge(BaseModel):
    """
    The same number and plan once more, at today's price.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    reference: str | None = None
    """
    Your own name for it, such as an order number: unique among what you make of this kind, for ever. In answers, lists, webhooks and reports. Readable by the staff, so put no personal data into it.
    """
    metadata: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+$")], str] | None = None
    """
    Up to 10 short texts of your own, given back with it and in webhooks. Encrypted where they are kept.
    """
    operator: str | None = None
    """
    The number's operator. Null: the one that we know of, which for a ported number may be wrong. If the number is another operator's, that one refuses the recharge and the money comes back.
    """
    circle: str | None = None
    """
    The number's circle; null: the one that we know of.
    """
    amount: Decimal | None = None
    """
    Of a plan of any amount: what it is to cost, as `amounts` of the plan allow. Null for a plan with one price.
    """
    offer_id: UUID | None = None
    """
    The offer to use. If it does not apply, nothing is sold, and the error says why.
    """
    offer_code: str | None = None
    """
    The same by the offer's code; capitals, blanks and hyphens don't matter.
    """
    automatic_offer: bool = True
    """
    Without a chosen offer: use the one that saves most, of those that need no code. None changes what is paid to anything but `expected_price`. False: no offer.
    """
    payment_method: Literal["wallet", "upi", "card", "netbanking"] | str = "wallet"
    """
    How something is paid.
    """
    wallet_amount: Decimal | None = None
    source: Literal["web", "app", "api"] | str = "web"
    """
    Where a request came from.
    """
    activation_mode: Literal["queue", "activate"] | str = "queue"
    """
    What a new base plan does if another one is active: wait for its end, or replace it.
    """
    confirm_duplicate: bool = False
    expected_price: Decimal | None = None
    """
    What the customer agreed to pay: `payable` of the quote. If it costs anything else now, nothing is sold, and 409 `price_changed` names the new price. Null: sold at whatever it costs.
    """


class RewardOut(BaseModel):
    """
    One of my rewards.
    """

    reward_id: UUID
    side: Literal["referrer", "friend"] | str
    """
    `referrer`: for a friend of mine; `friend`: for using somebody's code.
    """
    friend: str | None
    """
    The friend's number, masked; null if it is my own reward for a code, or the friend's account is erased.
    """
    amount: Decimal
    """
    Rupees, at most two decimals.
    """
    status: Literal["pending", "held", "earned", "paid", "reversed", "cancelled"] | str
    """
    `held`: we are looking at it.
    """
    waits_for: Literal["wallet_limit", "account_blocked"] | str | None
    """
    Why an earned reward is not paid yet. `wallet_limit`: it is paid when the wallet has room for it.
    """
    netted: Decimal
    """
    What of it settled earlier rewards that were taken back.
    """
    taken_back: Decimal
    """
    What a reversal took out of the wallet.
    """
    created_at: AwareDatetime
    """
    When the friend registered.
    """
    earned_at: AwareDatetime | None
    paid_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    """
    When it was reversed or cancelled.
    """


class RewardPage(BaseModel):
    items: list[RewardOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class SaveNumber(BaseModel):
    """
    A number to keep.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    phone_number: str
    """
    Indian mobile number; spaces and hyphens are forgiven, the answer has E.164.
    """
    nickname: str
    operator: str
    circle: str | None = None
    service_type: Literal["prepaid", "postpaid"] | str
    """
    How the user's own number is billed.
    """


class SavedNumberOut(BaseModel):
    """
    A number that I keep.
    """

    number_id: UUID
    phone_number: str
    nickname: str
    operator: str
    circle: str | None
    service_type: Literal["prepaid", "postpaid"] | str
    """
    How the user's own number is billed.
    """
    created_at: AwareDatetime
    updated_at: AwareDatetime


class SavedNumberPage(BaseModel):
    items: list[SavedNumberOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class SavedNumberUpdate(BaseModel):
    """
    What changes about a saved number; what is left out stays. `circle: null` takes the circle away.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    nickname: str | None = None
    operator: str | None = None
    circle: str | None = None
    service_type: Literal["prepaid", "postpaid"] | str | None = None
    """
    How the user's own number is billed.
    """


class SessionPage(BaseModel):
    items: list[SessionOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class SpendingOut(BaseModel):
    """
    My spending on recharges. Lists of numbers, plans, operators and ways of paying have the ten with most recharges.
    """

    total: SpendingSum
    this_month: SpendingSum
    monthly: list[MonthSpending]
    """
    Twelve months, the present one last.
    """
    yearly: list[YearSpending]
    """
    The latest year first.
    """
    numbers: list[NumberSpending]
    plans: list[PlanSpending]
    operators: list[PartSpending]
    payment_methods: list[PartSpending]


class SubscriptionOut(BaseModel):
    """
    A recharge that was made.
    """

    recharge_id: UUID
    subscription_id: UUID
    """
    The same as `recharge_id`, under the specification's name.
    """
    plan_id: UUID
    status: (
        Literal[
            "payment_pending",
            "processing",
            "active",
            "queued",
            "expired",
            "replaced",
            "failed",
            "refunded",
            "cancelled",
            "unknown",
            "paid",
        ]
        | str
    )
    """
    `active`, or `queued` behind the plan that is active; `processing` while the operator is asked; `payment_pending` until `payment` is made.
    """
    total_paid: Decimal
    """
    Rupees, at most two decimals.
    """
    phone_number: str
    plan_name: str
    operator: str
    plan_type: str
    category: str
    price: Decimal
    """
    Rupees, at most two decimals.
    """
    talktime: Decimal | None
    """
    What the operator credits of the `amount`, after tax and processing fee. Null if the tariff does not say, and of a plan with one price, whose benefits say it.
    """
    discount: Decimal
    """
    Rupees, at most two decimals.
    """
    cashback: Decimal
    """
    Paid into the wallet when the recharge is delivered.
    """
    offer_id: UUID | None
    """
    The offer that it was sold with.
    """
    wallet_amount: Decimal
    """
    Rupees, at most two decimals.
    """
    gateway_amount: Decimal
    """
    Rupees, at most two decimals.
    """
    payment_method: Literal["wallet", "upi", "card", "netbanking"] | str
    """
    How something is paid.
    """
    source: str
    valid_from: AwareDatetime | None
    """
    null while queued: validity runs from activation.
    """
    valid_until: AwareDatetime | None
    replaced_plan: ReplacedPlan | None
    wallet_balance: Decimal
    """
    What the wallet held right after.
    """
    created_at: AwareDatetime
    reference: str | None
    """
    The caller's own name for it.
    """
    metadata: dict[str, str] | None
    """
    What the caller noted; null for staff without `PersonalData:read`.
    """
    payment: PaymentDue | None = None


class SwitchType(BaseModel):
    """
    How the user's own number is to be billed.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    user_type: Literal["prepaid", "postpaid"] | str
    """
    How the user's own number is billed.
    """


class TimelineOut(BaseModel):
    """
    What happened to a recharge so far, the oldest first.
    """

    recharge_id: UUID
    status: (
        Literal[
            "payment_pending",
            "processing",
            "active",
            "queued",
            "expired",
            "replaced",
            "failed",
            "refunded",
            "cancelled",
            "unknown",
            "paid",
        ]
        | str
    )
    """
    The status of a recharge with its plan, as customers and staff see it.
    """
    steps: list[TimelineStep]
    waits_for: Literal["payment", "operator"] | str | None
    """
    null: it has ended.
    """


class TransactionOut(BaseModel):
    """
    One business event of a customer's wallet: a recharge, a top-up, a refund. It stays one row, with one id and one
    instant, from its beginning to its end.
    """

    transaction_id: UUID
    category: (
        Literal[
            "opening",
            "topup",
            "recharge",
            "refund",
            "source_refund",
            "cashback",
            "referral",
            "adjustment",
            "payout",
        ]
        | str
    )
    """
    What a transaction was for.
    """
    txn_type: Literal["credit", "debit"] | str
    """
    Which way the money went, from the wallet's side.
    """
    status: Literal["pending", "completed", "failed"] | str
    """
    `pending`: the money is set aside; `completed` is final; `failed`: it was not carried out, and took nothing.
    """
    description: str
    """
    What it was, in words for the customer.
    """
    amount: Decimal
    """
    What it was about: of a recharge, what the wallet and the gateway pay.
    """
    wallet_change: Decimal
    """
    What it has done to the balance. Over all transactions, this adds up to the balance.
    """
    held: Decimal
    """
    What of it is set aside now. Over all transactions: what the wallet holds.
    """
    operator: str | None
    """
    The operator whose recharge it was; null if it was none.
    """
    service_type: str | None
    source: str | None
    payment_method: str | None
    phone_number: str | None
    reference_id: UUID | None
    """
    The recharge, payment or refund that this belongs to.
    """
    created_at: AwareDatetime
    """
    When it began. Lists are in this order.
    """
    updated_at: AwareDatetime
    """
    When money last moved for it.
    """


class TransactionPage(BaseModel):
    items: list[TransactionOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class UserOut(BaseModel):
    """
    A user, as they see themselves.
    """

    user_id: UUID
    phone_number: str
    status: Literal["active", "blocked", "deactivated", "archived"] | str
    """
    The state of a user's account.
    """
    name: str | None
    email: str | None
    email_confirmed: bool
    """
    false: no code goes to the address yet.
    """
    user_type: Literal["prepaid", "postpaid"] | str
    """
    How the user's own number is billed.
    """
    referral_code: str
    kyc_tier: Literal["small", "full"] | str
    """
    How well we know the user; decides the wallet's limits (RBI Master Direction on PPIs).
    """
    language: Literal["en", "hi"] | str
    """
    In which I read notices.
    """
    registered_at: AwareDatetime | None
    created_at: AwareDatetime


class Validity(BaseModel):
    """
    How long a plan lasts: `n` days or months, or (n null) as long as the base plan it is added to.
    """

    n: int | None
    unit: Literal["day", "month", "base_plan"] | str
    """
    How validity is counted: days, calendar months (same date next month), or as long as the base plan lives.
    """


class AutopayCreate(BaseModel):
    """
    Recharge a number by itself.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    phone_number: str
    """
    Indian mobile number; spaces and hyphens are forgiven, the answer has E.164.
    """
    plan_id: UUID
    amount: Decimal | None = None
    """
    Of a plan of any amount: what each run is to cost, before offers. Null for a plan with one price.
    """
    tag: Literal["regular", "onetime"] | str
    """
    How often an autopay runs.
    """
    next_due_at: date | AwareDatetime | None = None
    """
    When it is due first: a day (from its beginning in India) or an instant (RFC 3339). Null, of a regular autopay: when the plan that runs on the number ends, or else after one interval.
    """
    max_amount: Decimal | None = None
    """
    Null: the plan's price now, without offers.
    """
    every: Interval | None = None
    """
    Of a regular autopay; null: the plan's validity.
    """
    payment_method: Literal["wallet", "mandate"] | str = "wallet"
    """
    What an autopay is paid from.
    """
    mandate_id: UUID | None = None
    """
    With `mandate`: what is charged if the wallet does not cover the price.
    """
    source: Literal["web", "app", "api"] | str = "web"
    """
    Where a request came from.
    """


class AutopayOut(BaseModel):
    """
    A recharge that happens by itself.
    """

    autopay_id: UUID
    kind: Literal["plan", "bill"] | str
    """
    What an autopay pays.
    """
    phone_number: str
    plan_id: UUID | None
    """
    Null if it pays bills.
    """
    plan_name: str
    operator: str
    tag: Literal["regular", "onetime"] | str
    """
    How often an autopay runs.
    """
    status: Literal["active", "paused", "completed", "failed", "cancelled"] | str
    """
    The state of an autopay.
    """
    pause_reason: (
        Literal[
            "customer",
            "price",
            "amount",
            "plan_withdrawn",
            "number_changed",
            "account_inactive",
            "mandate_ended",
            "mandate_limit",
        ]
        | str
        | None
    )
    payment_method: Literal["wallet", "mandate"] | str
    """
    What an autopay is paid from.
    """
    mandate_id: UUID | None
    price: Decimal
    """
    What a run costs, as of the last look: the plan's price, less the best automatic offer, or the bill. 0: no bill was seen yet.
    """
    amount: Decimal | None
    """
    Of a plan of any amount: what its owner chose. Null of a plan with one price.
    """
    max_amount: Decimal
    """
    Rupees, at most two decimals.
    """
    every: IntervalOut | None
    next_due_at: AwareDatetime | None
    """
    Null once it has ended.
    """
    is_announced: bool
    """
    The notice of the next due date has been sent.
    """
    tries: int
    """
    How often the next due date was tried already; at most four times.
    """
    recharge_id: UUID | None
    """
    The recharge that is under way for it.
    """
    created_at: AwareDatetime
    updated_at: AwareDatetime


class AutopayPage(BaseModel):
    items: list[AutopayOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class AutopayUpdate(BaseModel):
    """
    Change when an autopay is due next, how often it runs, for which amount, how much one run may cost, or what it is paid from.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    next_due_at: date | AwareDatetime | None = None
    """
    When it is due next: a day (from its beginning in India) or an instant (RFC 3339).
    """
    amount: Decimal | None = None
    """
    Of a plan of any amount: what each run is to cost from now on.
    """
    max_amount: Decimal | None = None
    """
    The most that one run may cost, after offers. If the plan costs more, the autopay is paused.
    """
    every: Interval | None = None
    mandate_id: UUID | None = None
    """
    Null: from the wallet only.
    """


class BillAutopayCreate(BaseModel):
    """
    Pay the bills of a postpaid number by themselves, each in full, from the wallet.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    phone_number: str
    """
    Indian mobile number; spaces and hyphens are forgiven, the answer has E.164.
    """
    operator: str | None = None
    """
    The number's operator. Null: the one that we know of; numbers are ported, so state it if you know it.
    """
    circle: str | None = None
    tag: Literal["regular", "onetime"] | str
    """
    How often an autopay runs.
    """
    next_due_at: date | AwareDatetime | None = None
    """
    When it is due first: a day (from its beginning in India) or an instant (RFC 3339). Null, of a regular autopay: at nine in the morning in India on the day before the present bill is due, or else after one interval.
    """
    max_amount: Decimal
    """
    The most that one bill may come to. If it is more, the autopay is paused, and a notice asks.
    """
    every: Interval | None = None
    """
    Of a regular autopay; null: a month.
    """
    source: Literal["web", "app", "api"] | str = "web"
    """
    Where a request came from.
    """


class BillPaymentOut(BaseModel):
    """
    The payment of a bill, on its way to the operator. Its end is in `GET /v1/recharge/{recharge_id}`: `paid` or `failed`.
    """

    recharge_id: UUID
    bill_id: UUID
    status: Literal["processing", "payment_pending"] | str | None = None
    """
    `payment_pending` until `payment` is made.
    """
    phone_number: str
    operator: str
    amount: Decimal
    """
    Rupees, at most two decimals.
    """
    wallet_balance: Decimal
    """
    What the wallet held right after.
    """
    reference: str | None
    """
    The caller's own name for it.
    """
    metadata: dict[str, str] | None
    """
    What the caller noted; null for staff without `PersonalData:read`.
    """
    created_at: AwareDatetime
    payment: PaymentDue | None = None
    """
    What to pay at the gateway now; null: it came from the wallet.
    """


class EnquiryDetail(EnquiryOut):
    """
    An enquiry with its thread, from the first message on.
    """

    messages: list[EnquiryMessage]


class FamilyBoard(BaseModel):
    """
    My own number first, then those that I saved, the newest first.
    """

    numbers: list[FamilyNumber]


class MandateCreated(MandateOut):
    """
    A mandate that has yet to be approved, on `checkout_url` or in the gateway's own checkout.
    """

    amount: Decimal
    """
    What approving it costs; it goes into the wallet.
    """
    currency: str
    gateway: str
    order_id: str
    key_id: str
    """
    The gateway's public key, for its checkout.
    """
    checkout_url: str | None


class OfferOut(BaseModel):
    """
    An offer as customers see it.
    """

    offer_id: UUID
    name: str
    description: str
    code: str | None
    offer_type_id: UUID
    offer_type: str
    is_special: bool
    status: Literal["draft", "active", "inactive"] | str
    """
    The state of an offer: from draft to active, and between active and inactive, never back to draft.
    """
    active_from: AwareDatetime | None
    active_until: AwareDatetime | None
    conditions: OfferConditions
    reward: OfferReward
    uses_per_user: int | None
    terms: list[str]
    """
    The conditions in words.
    """


class OfferPage(BaseModel):
    items: list[OfferOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """


class PaymentDetail(PaymentOut):
    """
    A payment with its order and its refunds.
    """

    order_id: str | None
    key_id: str
    checkout_url: str | None
    """
    Where it can be paid; null if it can no longer be paid.
    """
    refunds: list[RefundOut]


class PlanOut(BaseModel):
    """
    A plan. `price` is what the customer pays, GST included; of a plan of any amount, the least that they can pay.
    """

    plan_id: UUID
    version: int
    name: str
    description: str
    operator: str
    circles: list[str]
    """
    Circles where it is sold; empty: all of them.
    """
    plan_type: Literal["prepaid", "postpaid"] | str
    """
    Who a plan is for: a prepaid or a postpaid connection.
    """
    category: Literal["unlimited", "data_addon", "talktime", "roaming", "postpaid_rental"] | str
    """
    What a plan mainly gives.
    """
    price: Decimal
    """
    Rupees, at most two decimals.
    """
    amounts: AmountsOut | None
    """
    Of a plan of any amount: what the customer can choose. A quote and a recharge name it as `amount`. null: it costs `price`.
    """
    validity: Validity
    benefits: Benefits
    is_addon: bool
    """
    True: lives beside a base plan.
    """
    most_popular: bool
    group_id: UUID
    group: str
    criteria: str
    status: Literal["draft", "active", "inactive"] | str
    """
    Draft: not published yet. Active: on sale within its window. Inactive: taken off sale.
    """
    active_from: AwareDatetime | None
    active_until: AwareDatetime | None


class PlanPage(BaseModel):
    """
    One page of the plans on sale.
    """

    items: list[PlanOut]
    next_cursor: str | None
    """
    Give it as `cursor` for the next page; null on the last one.
    """
    total: int | None = None
    """
    Only with `include_total=true`.
    """
    maintenance: list[OperatorMaintenanceOut]
    """
    Windows that are running or come, of the operators that were asked for; the same on each page.
    """


class QuoteOut(BaseModel):
    """
    What the recharge would be now. Nothing is reserved.
    """

    phone_number: str
    plan_id: UUID
    plan_name: str
    operator: str
    plan_type: str
    price: Decimal
    """
    Rupees, at most two decimals.
    """
    talktime: Decimal | None
    """
    What the operator credits of the `amount`, after tax and processing fee. Null if the tariff does not say, and of a plan with one price, whose benefits say it.
    """
    discount: Decimal
    """
    Rupees, at most two decimals.
    """
    cashback: Decimal
    """
    Paid into the wallet when the recharge is delivered.
    """
    offer_id: UUID | None
    """
    The offer that `discount` and `cashback` are of.
    """
    payable: Decimal
    """
    Rupees, at most two decimals.
    """
    wallet_balance: Decimal
    """
    Rupees, at most two decimals.
    """
    wallet_covers: bool
    shortfall: Decimal
    """
    What the wallet lacks for it.
    """
    status: (
        Literal[
            "payment_pending",
            "processing",
            "active",
            "queued",
            "expired",
            "replaced",
            "failed",
            "refunded",
            "cancelled",
            "unknown",
            "paid",
        ]
        | str
        | None
    )
    """
    `active`, or `queued` behind the plan that is active. null, like what follows, unless the number is yours or you bought the plan that is active on it: what others have is not told.
    """
    valid_from: AwareDatetime | None
    valid_until: AwareDatetime | None
    running_plan: RunningPlan | None
    """
    What is active now; `activation_mode: activate` would end it.
    """
    offers: list[QuotedOffer]
    """
    The offers for this plan, at most 50: those that apply first, the largest saving first.
    """
