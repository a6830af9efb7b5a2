// Loaded into a process before its own code: when the launcher that started it is gone, it stops in order, as on SIGTERM.
if (process.env.XCRON_FOLLOW_LAUNCHER !== undefined) {
  // What this process starts in turn follows nobody.
  delete process.env.XCRON_FOLLOW_LAUNCHER;
  if (process.channel) {
    process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
    process.channel.unref();
  }
}
