#!/usr/bin/env bash
# Take the README's pictures from the installation that runs (`make run`). Needs curl, chromium and pdftoppm (poppler-utils).
set -euo pipefail
cd "$(dirname "$0")/../.."
base=http://127.0.0.1:${PORT:-8000}
for tool in curl chromium pdftoppm; do
  command -v $tool >/dev/null || { echo "$tool is not installed"; exit 1; }
done
curl -sS -o /dev/null "$base/health/live" || { echo "nothing runs at $base: start it with make run"; exit 1; }

TOKEN=$(.venv/bin/gencharge login 9000001001)
api() { curl -sS -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' "$@"; }
field() { grep -o "\"$1\":\"[^\"]*" | head -1 | cut -d'"' -f4; }
picture() { # NAME ADDRESS HEIGHT
  chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars --window-size="900,$3" \
    --screenshot="docs/images/$1.png" "$2" 2>/dev/null
}

picture start "$base/" 660
ORDER=$(api "$base/v1/wallet/topups" -H "Idempotency-Key: picture-$(date +%s%N)" -d '{"amount": 500, "payment_method": "upi"}')
picture checkout "$(echo "$ORDER" | field checkout_url)" 900

PLAN=$(api "$base/v1/plans?operator=JIO&category=unlimited&limit=1" | field plan_id)
RECHARGE=$(api "$base/v1/recharge/subscribe" -H "Idempotency-Key: picture-$(date +%s%N)" -d '{"phone_number": "9000001001",
  "plan_id": "'"$PLAN"'", "payment_method": "wallet", "source": "web", "confirm_duplicate": true}' | field recharge_id)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
api "$base/v1/recharge/$RECHARGE/receipt" -H 'Accept: application/pdf' -o "$scratch/receipt.pdf"
pdftoppm -png -r 78 -singlefile "$scratch/receipt.pdf" docs/images/receipt
ls -l docs/images/*.png
