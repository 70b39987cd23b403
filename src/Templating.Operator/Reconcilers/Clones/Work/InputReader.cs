using System.Text;
using Google.Protobuf;
using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Validation;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>Reads a VMClone's inputs when they are needed; nothing of them is kept.</summary>
internal sealed class InputReader(ClusterApi reader)
{
    private const uint DefaultMode = 0x180; // 0600

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <returns>The inputs, and what is missing or wrong of them: then they are not to be used.</returns>
    public async Task<(CloneInputs Inputs, IReadOnlyList<Fault> Faults)> ReadAsync(VMClone clone, CancellationToken cancellationToken)
    {
        var faults = new List<Fault>();
        var sources = new Sources(reader, clone.Metadata.NamespaceProperty);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        var spec = clone.Spec;
        for (var i = 0; i < (spec.Env?.Count ?? 0); i++)
        {
            var variable = spec.Env![i];
            var field = $"spec.env[{i}]";
            if (await sources.ReadAsync(variable, field, faults, cancellationToken) is not { } bytes)
            {
                continue;
            }

            try
            {
                environment[variable.Name] = StrictUtf8.GetString(bytes);
            }
            catch (DecoderFallbackException)
            {
                faults.Add(new(field, "Its value is not UTF-8; give it as a file."));
            }
        }

        var files = new List<GuestFile>();
        for (var i = 0; i < (spec.Files?.Count ?? 0); i++)
        {
            var file = spec.Files![i];
            if (await sources.ReadAsync(file, $"spec.files[{i}]", faults, cancellationToken) is { } content)
            {
                files.Add(new GuestFile { Path = file.Path, Content = ByteString.CopyFrom(content), Mode = file.Mode is { } mode ? (uint)mode : DefaultMode });
            }
        }

        var userData = spec.UserData is null ? null : await sources.ReadAsync(spec.UserData, "spec.userData", faults, cancellationToken);
        CheckSizes(faults, environment, files, userData);
        return (new CloneInputs(environment, userData is null ? ByteString.Empty : ByteString.CopyFrom(userData), files), faults);
    }

    private static void CheckSizes(List<Fault> faults, Dictionary<string, string> environment, List<GuestFile> files, byte[]? userData)
    {
        Check("spec.env", environment.Sum(e => (long)StrictUtf8.GetByteCount(e.Value) + e.Key.Length), CloneRules.MaxEnvironmentBytes);
        Check("spec.files", files.Sum(f => (long)f.Content.Length), CloneRules.MaxFilesBytes);
        Check("spec.userData", userData?.Length ?? 0, CloneRules.MaxUserDataBytes);

        void Check(string field, long bytes, int most)
        {
            if (bytes > most)
            {
                faults.Add(new(field, $"With what its Secrets and ConfigMaps hold it has {bytes} bytes; at most {most} are allowed."));
            }
        }
    }

    /// <summary>Each Secret and ConfigMap is read once, however many keys of it are asked for.</summary>
    private sealed class Sources(ClusterApi reader, string @namespace)
    {
        private readonly Dictionary<(bool Secret, string Name), Dictionary<string, byte[]>?> _read = [];

        /// <returns>Null where there is nothing: because it is optional, or with a fault.</returns>
        public async Task<byte[]?> ReadAsync(VMValueSource source, string field, List<Fault> faults, CancellationToken cancellationToken)
        {
            var secret = source.SecretKeyRef is not null;
            if ((source.SecretKeyRef ?? source.ConfigMapKeyRef) is not { } reference)
            {
                return Encoding.UTF8.GetBytes(source.Value ?? "");
            }

            var kind = secret ? "Secret" : "ConfigMap";
            var key = (secret, reference.Name);
            if (!_read.TryGetValue(key, out var data))
            {
                data = _read[key] = await GetAsync(secret, reference.Name, cancellationToken);
            }

            if (data is not null && data.TryGetValue(reference.Key, out var value))
            {
                return value;
            }

            if (reference.Optional != true)
            {
                faults.Add(new(field, data is null
                    ? $"There is no {kind} '{reference.Name}' in this namespace; make it, or make the reference optional."
                    : $"{kind} '{reference.Name}' has no key '{reference.Key}'; add it, or make the reference optional."));
            }

            return null;
        }

        private async Task<Dictionary<string, byte[]>?> GetAsync(bool secret, string name, CancellationToken cancellationToken)
        {
            var key = new ObjectKey(@namespace, name);
            return secret
                ? OfSecret(await reader.GetAsync<V1Secret>(key, cancellationToken))
                : OfConfigMap(await reader.GetAsync<V1ConfigMap>(key, cancellationToken));
        }

        private static Dictionary<string, byte[]>? OfSecret(V1Secret? secret) =>
            secret is null ? null : new(secret.Data ?? new Dictionary<string, byte[]>(StringComparer.Ordinal), StringComparer.Ordinal);

        private static Dictionary<string, byte[]>? OfConfigMap(V1ConfigMap? map)
        {
            if (map is null)
            {
                return null;
            }

            var data = new Dictionary<string, byte[]>(map.BinaryData ?? new Dictionary<string, byte[]>(StringComparer.Ordinal), StringComparer.Ordinal);
            foreach (var (key, text) in map.Data ?? new Dictionary<string, string>(StringComparer.Ordinal))
            {
                data[key] = Encoding.UTF8.GetBytes(text);
            }

            return data;
        }
    }
}
