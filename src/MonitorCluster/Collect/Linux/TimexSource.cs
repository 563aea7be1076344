namespace MonitorCluster.Collect.Linux;

/// <summary>adjtimex(2): how well the kernel's clock is disciplined by NTP.</summary>
internal sealed class TimexSource(HostFiles files, IHostCalls calls) : HostSource("timex", files)
{
    private const int NotSynchronised = 5; // TIME_ERROR
    private const int NanosecondStatus = 0x2000; // STA_NANO: offset and jitter are in ns
    private const double Nano = 1e9, Micro = 1e6;
    private const double PpmScale = 1000000.0 * 65536.0; // frequencies are ppm with a 16-bit fraction

    private static readonly (MetricFamily Family, Func<ClockState, double> Value)[] Columns =
    [
        (Of("offset_seconds", "Time offset in between local system and reference clock."), s => s.Offset / Divisor(s)),
        (Of("frequency_adjustment_ratio", "Local clock frequency adjustment."), s => 1 + (s.Frequency / PpmScale)),
        (Of("maxerror_seconds", "Maximum error in seconds."), s => s.MaxError / Micro),
        (Of("estimated_error_seconds", "Estimated error in seconds."), s => s.EstimatedError / Micro),
        (Of("status", "Value of the status array bits."), s => s.Status),
        (Of("loop_time_constant", "Phase-locked loop time constant."), s => s.Constant),
        (Of("tick_seconds", "Seconds between clock ticks."), s => s.Tick / Micro),
        (Of("pps_frequency_hertz", "Pulse per second frequency."), s => s.PpsFrequency / PpmScale),
        (Of("pps_jitter_seconds", "Pulse per second jitter."), s => s.Jitter / Divisor(s)),
        (Of("pps_shift_seconds", "Pulse per second interval duration."), s => s.Shift),
        (Of("pps_stability_hertz", "Pulse per second stability, average of recent frequency changes."), s => s.Stability / PpmScale),
        (Of("pps_jitter_total", "Pulse per second count of jitter limit exceeded events."), s => s.JitterCount),
        (Of("pps_calibration_total", "Pulse per second count of calibration intervals."), s => s.CalibrationCount),
        (Of("pps_error_total", "Pulse per second count of calibration errors."), s => s.ErrorCount),
        (Of("pps_stability_exceeded_total", "Pulse per second count of stability limit exceeded events."), s => s.StabilityCount),
        (Of("tai_offset_seconds", "International Atomic Time (TAI) offset."), s => s.Tai),
    ];

    private static readonly MetricFamily Sync = Of("sync_status", "Is clock synchronized to a reliable server (1 = yes, 0 = no).");

    private SeriesSlot[]? slots;
    private SeriesSlot? sync;

    public override void Collect(SourceWriter writer, long timestampMs)
    {
        int result = calls.ReadClock(out ClockState state);
        if (result < 0)
        {
            throw new SourceAbsentException("adjtimex is not permitted");
        }

        slots ??= [.. Columns.Select(c => writer.Series(c.Family))];
        writer.Write(sync ??= writer.Series(Sync), result == NotSynchronised ? 0 : 1);
        for (int i = 0; i < slots.Length; i++)
        {
            writer.Write(slots[i], Columns[i].Value(state));
        }
    }

    private static double Divisor(ClockState state) => (state.Status & NanosecondStatus) != 0 ? Nano : Micro;

    private static MetricFamily Of(string name, string help) =>
        name.EndsWith("_total", StringComparison.Ordinal) ? Counter($"node_timex_{name}", help) : Gauge($"node_timex_{name}", help);
}
