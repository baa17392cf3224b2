// Statuses, times and durations in words, and the icon of each status: never told by colour alone.

export const STATUS = {
  'not-reached': 'not reached',
  running: 'running',
  waiting: 'waiting for an answer',
  retrying: 'failed, will be tried again',
  succeeded: 'succeeded',
  caught: 'failed, caught',
  failed: 'failed',
  'timed-out': 'timed out',
  aborted: 'stopped',
};

/** Paths in a box of 16 × 16, drawn as strokes. */
export const ICON = {
  'not-reached': 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11',
  running: 'M5 3l8 5l-8 5z',
  waiting: 'M4 2h8M4 14h8M5 2c0 4 6 8 6 12M11 2c0 4-6 8-6 12',
  retrying: 'M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3',
  succeeded: 'M2.5 8.5l4 4l7-9',
  caught: 'M8 2l6.5 11.5h-13zM8 6.5v3M8 11.3v.7',
  failed: 'M3 3l10 10M13 3l-10 10',
  'timed-out': 'M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12M8 4.5v3.5l2.5 1.5',
  aborted: 'M3.5 3.5h9v9h-9z',
};

/** Of an execution, as Step Functions names it. */
const EXECUTION = {
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timed-out',
  ABORTED: 'aborted',
};

export function executionStatus(execution) {
  if (execution.status !== 'RUNNING') return EXECUTION[execution.status] ?? 'running';
  const states = Object.values(execution.progress.states);
  return states.some((state) => state.status === 'waiting') ? 'waiting' : 'running';
}

export function statusOf(execution, name) {
  return execution.progress.states[name]?.status ?? 'not-reached';
}

export function moment(text) {
  if (!text) return '';
  return new Date(text).toLocaleString(undefined, {
    year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit',
    timeZoneName: 'short',
  });
}

export function duration(from, to) {
  if (!from || !to) return '';
  const seconds = Math.max(0, (new Date(to) - new Date(from)) / 1000);
  if (seconds < 1) return 'under 1 s';
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const [days, hours] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24];
  const minutes = Math.floor(seconds / 60) % 60;
  if (days) return `${days} d ${hours} h`;
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${Math.round(seconds % 60)} s`;
}

export function clock(text) {
  const at = new Date(text);
  const today = at.toDateString() === new Date().toDateString();
  const time = at.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  return today ? time : `${at.toLocaleDateString(undefined, { month: 'short', day: 'numeric' })} ${time}`;
}

/** How long one state lasted, or since when it does; of one that is entered again and again, how often as well. */
export function lasted(progress) {
  if (!progress) return '';
  const { entered_at: from, ended_at: to } = progress;
  const time = to ? duration(from, to) : `since ${clock(from)}`;
  return progress.visits > 1 ? `${time}, entered ${progress.visits} times` : time;
}

export function redriven(times) {
  if (!times) return '';
  return times === 1 ? ', redriven once' : `, redriven ${times} times`;
}

export function waitWords(wait) {
  const until = wait.until ? `until ${moment(wait.until)} at the latest` : 'with no limit that is known';
  const what = wait.request_id ? 'the decision of its approvers' : wait.what;
  return `waits for ${what} since ${moment(wait.since)}, ${until}`;
}
