using Microsoft.Extensions.Logging.Console;
using Templating.Node.Options;

namespace Templating.Node.Telemetry;

internal static class NodeLogging
{
    public static void AddNodeLogging(this ILoggingBuilder logging, NodeOptions options)
    {
        logging.SetMinimumLevel(options.LogLevel);
        // One line for each call is Kestrel's and routing's habit, not ours; their warnings are welcome.
        logging.AddFilter("Microsoft", options.LogLevel < LogLevel.Information ? options.LogLevel : LogLevel.Warning);
        logging.AddFilter("Grpc", options.LogLevel < LogLevel.Information ? options.LogLevel : LogLevel.Warning);
        if (options.LogFormat == LogFormat.Json)
        {
            logging.AddJsonConsole(json =>
            {
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            logging.AddSimpleConsole(text =>
            {
                text.SingleLine = true;
                text.UseUtcTimestamp = true;
                text.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                text.ColorBehavior = LoggerColorBehavior.Default;
            });
        }
    }
}
