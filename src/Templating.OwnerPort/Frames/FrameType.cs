namespace Templating.OwnerPort.Frames;

/// <summary>As docs/guest-protocol.md numbers them; from 65 on they are the guest's.</summary>
internal enum FrameType : byte
{
    Hello = 1,
    Mount = 2,
    Unmount = 3,
    Network = 4,
    Place = 5,
    Run = 6,
    Exec = 7,
    Input = 8,
    InputEnd = 9,
    Credit = 10,
    Resize = 11,
    Signal = 12,
    Stats = 13,
    Delete = 14,
    Read = 15,
    Connect = 16,
    Update = 17,
    Processes = 18,
    Device = 19,
    Welcome = 65,
    Done = 66,
    Error = 67,
    Started = 68,
    Output = 69,
    ErrorOutput = 70,
    Taken = 71,
    Exit = 72,
}
