// Bar charts as SVG text: one bar for each row, its range as a line, its median in words.
const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** @param rows [{ name, median, min, max }] @param unit shown after each median */
export function bars(title, rows, unit, digits = 2) {
  const [width, left, barHeight, gap] = [790, 260, 22, 10];
  const most = Math.max(...rows.map(({ max }) => max));
  const scale = (value) => (value / most) * (width - left - 130);
  const height = 44 + rows.length * (barHeight + gap);
  const lines = rows.map(({ name, median, min, max }, index) => {
    const y = 36 + index * (barHeight + gap);
    const middle = y + barHeight / 2;
    const fill = name.startsWith("vodup") || name === "auto" ? "#1f6feb" : "#9aa4b2";
    return [
      `<text x="${left - 10}" y="${middle + 4}" text-anchor="end">${escape(name)}</text>`,
      `<rect x="${left}" y="${y}" width="${scale(median).toFixed(1)}" height="${barHeight}" fill="${fill}"/>`,
      `<line x1="${(left + scale(min)).toFixed(1)}" x2="${(left + scale(max)).toFixed(1)}" y1="${middle}" y2="${middle}" stroke="#24292f"/>`,
      `<text x="${(left + scale(max) + 8).toFixed(1)}" y="${middle + 4}">${median.toFixed(digits)} ${unit}</text>`,
    ].join("\n");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="10" y="20" font-weight="bold">${escape(title)}</text>`,
    ...lines,
    "</svg>\n",
  ].join("\n");
}
