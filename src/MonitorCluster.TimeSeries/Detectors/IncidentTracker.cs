namespace MonitorCluster.TimeSeries.Detectors;

/// <summary>From scores to incidents of one series: opens once, escalates, closes. 12 bytes.</summary>
/// <remarks>
/// Opens at <see cref="AnomalySettings.OpenDecades"/>; closes after <see cref="AnomalySettings.RecoverSteps"/> steps in a row below that less
/// <see cref="AnomalySettings.CloseMargin"/>. Until the hold is over, a score that comes back is the same incident, and news only when it is
/// clearly above the peak. An incident that does not recover although the series has become as calm as ever is a new level: it is accepted,
/// and the incident closes. Blittable; one writer.
/// </remarks>
internal struct IncidentTracker
{
    private const float CalmMin = 0.5f, CalmMax = 2;

    private float peak;
    private ushort sinceNews; // steps since it opened or escalated
    private ushort calmSteps;
    private byte lowSteps;
    private byte open;

    /// <summary>Whether an incident is open.</summary>
    public readonly bool IsOpen => open != 0;

    /// <summary>Takes a step's score.</summary>
    /// <param name="decades">The score.</param>
    /// <param name="varianceRatio">How restless the series is beside its long run.</param>
    /// <param name="settings">The constants.</param>
    /// <param name="acceptLevel">True: the level has lasted and is to be taken as the normal one.</param>
    public IncidentChange Step(float decades, float varianceRatio, AnomalySettings settings, out bool acceptLevel)
    {
        acceptLevel = false;
        sinceNews = (ushort)Math.Min(sinceNews + 1, ushort.MaxValue);
        if (open == 0)
        {
            return decades >= settings.OpenDecades ? TryOpen(decades, settings) : IncidentChange.None;
        }

        lowSteps = (byte)(decades < settings.OpenDecades - settings.CloseMargin ? lowSteps + 1 : 0);
        calmSteps = (ushort)(varianceRatio is > CalmMin and < CalmMax ? calmSteps + 1 : 0);
        acceptLevel = calmSteps >= settings.AcceptSteps;
        if (acceptLevel || lowSteps >= settings.RecoverSteps)
        {
            open = 0;
            return IncidentChange.Closed;
        }

        return decades > settings.EscalationRatio * peak ? Note(decades, IncidentChange.Escalated) : IncidentChange.None;
    }

    /// <summary>Starts to count the calm steps anew.</summary>
    public void ForgetCalm() => calmSteps = 0;

    private IncidentChange TryOpen(float decades, AnomalySettings settings)
    {
        bool isSame = peak > 0 && sinceNews < settings.HoldSteps;
        if (isSame && decades <= settings.EscalationRatio * peak)
        {
            return IncidentChange.None;
        }

        (open, lowSteps, calmSteps) = (1, 0, 0);
        return Note(decades, isSame ? IncidentChange.Escalated : IncidentChange.Opened);
    }

    private IncidentChange Note(float decades, IncidentChange change)
    {
        (peak, sinceNews) = (decades, 0);
        return change;
    }
}
