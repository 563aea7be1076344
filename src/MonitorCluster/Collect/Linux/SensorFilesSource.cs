using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>A source over directories of /sys in which each file is one number: thermal zones, CPU frequencies, memory errors.</summary>
/// <remarks>
/// The directories are listed once a minute, the numbers read every tick. A sensor may be slow or hang in its driver (I2C, firmware): own thread.
/// </remarks>
internal abstract class SensorFilesSource(string name, HostFiles files) : HostSource(name, files, mayHang: true)
{
    private readonly Rediscovery rediscovery = new();
    private Dictionary<(string Path, LabelSet Labels), Sensor> sensors = [];

    public sealed override void Collect(SourceWriter writer, long timestampMs)
    {
        if (rediscovery.IsDue(timestampMs))
        {
            // A sensor that is still there keeps its slot, so that its series does not end and start again.
            Dictionary<(string, LabelSet), Sensor> found = [];
            foreach (Sensor sensor in Discover(writer))
            {
                (string, LabelSet) key = (sensor.File.Path, sensor.Slot.Labels);
                found.TryAdd(key, sensors.GetValueOrDefault(key, sensor));
            }

            sensors = found;
        }

        foreach (Sensor sensor in sensors.Values)
        {
            // A sensor that is asleep or gone refuses to be read; its series ends until it answers again.
            if (Reader.TryReadNumber(sensor.File, out double value))
            {
                writer.Write(sensor.Slot, value * sensor.Factor / sensor.Divisor);
            }
        }
    }

    /// <summary>Lists the sensors that exist now.</summary>
    protected abstract IEnumerable<Sensor> Discover(SourceWriter writer);

    /// <summary>The text of a small file, empty when it cannot be read.</summary>
    protected string ReadText(string path) => Reader.TryRead(Files.Sys(path), out ReadOnlySpan<byte> content) ? Ascii.Text(Ascii.Trim(content)) : string.Empty;

    /// <summary>A file, the series it fills, and what its number is multiplied with or divided by (a thousandth has no exact double).</summary>
    internal sealed record Sensor(HostFile File, SeriesSlot Slot, double Factor = 1, double Divisor = 1);
}
