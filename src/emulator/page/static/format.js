// Numbers and times as people read them.
export function bytes(count) {
  if (count < 1024) return `${count} B`;
  const power = Math.min(Math.floor(Math.log2(count) / 10), 5);
  const value = count / 1024 ** power;
  return `${value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value)} ${["B", "KiB", "MiB", "GiB", "TiB", "PiB"][power]}`;
}

export function duration(ms) {
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86400)];
  if (hours < 1) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return days < 1 ? `${hours} h ${minutes % 60} min` : `${days} d ${hours % 24} h`;
}

const two = (value) => String(value).padStart(2, "0");

export function clockTime(ms) {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export const preciseTime = (ms) => `${clockTime(ms)}.${String(new Date(ms).getMilliseconds()).padStart(3, "0")}`;

export function json(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export const fileName = (path) => path.slice(path.lastIndexOf("/") + 1);

/** The path under which this emulator serves what a MediaUrl or CoverUrl names. */
export const localPath = (url) => (URL.canParse(url) ? new URL(url).pathname : undefined);
