using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Collect.Linux;

/// <summary>/sys/devices/system/edac: memory errors that ECC corrected, or could not. A machine without ECC has no series, and is no failure.</summary>
internal sealed class MemoryErrorsSource(HostFiles files) : SensorFilesSource("edac", files)
{
    private const string Folder = "devices/system/edac/mc";

    private static readonly MetricFamily Corrected = Counter("node_edac_correctable_errors_total", "Total correctable memory errors.");
    private static readonly MetricFamily Uncorrected = Counter("node_edac_uncorrectable_errors_total", "Total uncorrectable memory errors.");
    private static readonly MetricFamily RowCorrected =
        Counter("node_edac_csrow_correctable_errors_total", "Total correctable memory errors for this csrow.");
    private static readonly MetricFamily RowUncorrected =
        Counter("node_edac_csrow_uncorrectable_errors_total", "Total uncorrectable memory errors for this csrow.");

    protected override IEnumerable<Sensor> Discover(SourceWriter writer)
    {
        foreach (string entry in Files.SysEntries(Folder, "mc"))
        {
            string path = $"{Folder}/{entry}";
            var controller = new Label("controller", entry["mc".Length..]);
            yield return Of($"{path}/ce_count", writer.Series(Corrected, controller));
            yield return Of($"{path}/ue_count", writer.Series(Uncorrected, controller));
            yield return Of($"{path}/ce_noinfo_count", writer.Series(RowCorrected, controller, new Label("csrow", "unknown")));
            yield return Of($"{path}/ue_noinfo_count", writer.Series(RowUncorrected, controller, new Label("csrow", "unknown")));
            foreach (string rowEntry in Files.SysEntries(path, "csrow"))
            {
                var row = new Label("csrow", rowEntry["csrow".Length..]);
                yield return Of($"{path}/{rowEntry}/ce_count", writer.Series(RowCorrected, controller, row));
                yield return Of($"{path}/{rowEntry}/ue_count", writer.Series(RowUncorrected, controller, row));
            }
        }
    }

    private Sensor Of(string path, SeriesSlot slot) => new(Files.Sys(path), slot);
}
