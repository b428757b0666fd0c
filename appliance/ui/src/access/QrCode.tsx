import qrcode from 'qrcode-generator';

/** A text as a QR code, drawn here as one path: black on white whatever the theme, so that any camera reads it. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  const count = code.getModuleCount();
  const rim = 4;
  const path: string[] = [];
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) if (code.isDark(row, column)) path.push(`M${column + rim} ${row + rim}h1v1h-1z`);
  }
  return (
    <svg className="vp-qr" role="img" aria-label={label} viewBox={`0 0 ${count + 2 * rim} ${count + 2 * rim}`} shapeRendering="crispEdges">
      <rect width="100%" height="100%" fill="#fff" /><path d={path.join('')} fill="#000" />
    </svg>
  );
}
