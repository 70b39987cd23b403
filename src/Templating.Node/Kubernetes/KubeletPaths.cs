namespace Templating.Node.Kubernetes;

/// <summary>The places of a kubelet's folder that plugins know.</summary>
internal sealed class KubeletPaths(string root)
{
    /// <summary>Of the CSI driver, and the vendor of the device plugin's resource.</summary>
    public const string Driver = "templating.dev";

    public string CsiSocket => Path.Combine(root, "plugins", Driver, "csi.sock");

    /// <summary>The kubelet watches this folder and asks each socket in it who it is.</summary>
    public string RegistrationSocket => Path.Combine(root, "plugins_registry", Driver + "-reg.sock");

    public string DevicePlugins => Path.Combine(root, "device-plugins");

    public string KubeletSocket => Path.Combine(DevicePlugins, "kubelet.sock");

    public string DeviceSocket => Path.Combine(DevicePlugins, DeviceEndpoint);

    public const string DeviceEndpoint = Driver + "-kvm.sock";
}
