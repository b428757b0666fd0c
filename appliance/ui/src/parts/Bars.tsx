/** Lengths side by side: a bar with its name and value for each row. What is drawn is also text, so that nobody needs to see it. */
export function Bars({ label, rows }: { label: string; rows: { key: string; name: string; value: number; text: string }[] }) {
  const most = Math.max(1, ...rows.map((row) => row.value));
  return (
    <ul className="vp-bars" aria-label={label}>
      {rows.map((row) => (
        <li key={row.key}>
          <span className="vp-bar-name">{row.name}</span>
          <svg className="vp-bar-line" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width={Math.max(0.5, 100 * row.value / most)} height="10" rx="1" /></svg>
          <span className="vp-bar-text">{row.text}</span>
        </li>
      ))}
    </ul>
  );
}
