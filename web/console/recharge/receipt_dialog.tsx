/// The receipt of a recharge as the customer has it, and its file.
import { saveFile } from "#ui/api.ts";
import { Button } from "#ui/controls.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { Facts } from "#ui/layout.tsx";
import { Loaded } from "#ui/loaded.tsx";
import { toast } from "#ui/toasts.tsx";
import { Instant, Money, Reference } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import type { Place } from "./queries.ts";
import { type Receipt, useReceipt, useReceiptFile } from "./queue_queries.ts";
import { useText } from "./text.ts";

export function ReceiptDialog({ place, onClose }: { place: Place; onClose: () => void }) {
  const text = useText();
  const receipt = useReceipt(place);
  return (
    <Dialog title={text.receipt} isOpen onClose={onClose} className="wide">
      <Loaded query={receipt} lines={6}>
        {(thing) => <Content receipt={thing} place={place} />}
      </Loaded>
    </Dialog>
  );
}

function Content({ receipt, place }: { receipt: Receipt; place: Place }) {
  const text = useText();
  const words = useWords();
  const file = useReceiptFile();
  const money = (rupees: number) => <Money rupees={rupees} />;
  return (
    <div className="form">
      <Facts
        facts={[
          [text.receiptNumber, <Reference key="number" value={receipt.receipt_number} />],
          [text.issued, <Instant key="issued" at={receipt.issued_at} />],
          [words.customer, receipt.customer_name],
          [text.plan, receipt.plan_name],
          [text.seller, receipt.seller.name],
          [text.gstin, receipt.seller.gstin],
          [text.paid, money(receipt.total_paid)],
          [text.inWords, receipt.total_in_words],
          receipt.refunded > 0 && [text.refunded, money(receipt.refunded)],
        ]}
      />
      {receipt.is_tax_invoice ? (
        <Facts
          facts={[
            [text.taxable, money(receipt.taxable_value)],
            [text.gst(receipt.gst_percent), money(receipt.gst)],
            receipt.cgst > 0 && [text.cgst, money(receipt.cgst)],
            receipt.sgst > 0 && [text.sgst, money(receipt.sgst)],
            receipt.igst > 0 && [text.igst, money(receipt.igst)],
            [text.placeOfSupply, receipt.place_of_supply],
          ]}
        />
      ) : (
        <p className="muted">{text.noGst}</p>
      )}
      <footer>
        <Button
          kind="primary"
          onPress={() =>
            void file(place).then(
              (blob) => saveFile(blob, `${receipt.receipt_number.replaceAll("/", "-")}.pdf`),
              () => toast(words.failed),
            )
          }
        >
          {text.pdf}
        </Button>
      </footer>
    </div>
  );
}
