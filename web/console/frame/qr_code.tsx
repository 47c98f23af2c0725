/// A text as a QR code, dark on light in both themes: an app reads no other.
import encodeQR from "qr";

export function QrCode({ text, label }: { text: string; label: string }) {
  const dots = encodeQR(text, "raw", { border: 2 });
  const size = dots.length;
  const path = dots
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  return (
    <svg
      className="qr"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
    >
      <path d={path} />
    </svg>
  );
}
