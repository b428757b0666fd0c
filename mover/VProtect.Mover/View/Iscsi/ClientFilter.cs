using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using VProtect.Mover.Posix;
using static VProtect.Mover.Posix.Libc;

namespace VProtect.Mover.View.Iscsi;

/// <summary>
/// Networks that may reach a tgtd: what comes from elsewhere is dropped by the kernel at the sockets that it listens on, and so at each connection that comes of them. tgtd itself lets in
/// who is in its list of networks or in its list of names; this makes that an <em>and</em>, and keeps what a stranger sends away from its parser.
/// </summary>
/// <remarks>A classic BPF program (packet(7), <c>SO_ATTACH_FILTER</c> in socket(7)); sockets of the other process are had with <c>pidfd_getfd</c> (Linux 5.6, CAP_SYS_PTRACE).</remarks>
internal static class ClientFilter
{
    private const uint AllBytes = uint.MaxValue;

    // Loads at this offset and up are of the IP header; the packet of a TCP socket begins with TCP's.
    private const uint IpHeader = 0xFFF00000;

    // States in /proc/net/tcp.
    private const string Established = "01";
    private const string Arriving = "03";

    private const ushort LoadByte = 0x30;
    private const ushort LoadWord = 0x20;
    private const ushort LoadKept = 0x60;
    private const ushort Keep = 0x02;
    private const ushort ShiftRight = 0x74;
    private const ushort And = 0x54;
    private const ushort IfEqual = 0x15;
    private const ushort Jump = 0x05;
    private const ushort Return = 0x06;

    private static readonly string[] Connections = ["net/tcp", "net/tcp6"];

    /// <summary>Sets it for all TCP sockets that a process listens on.</summary>
    /// <param name="process">Its number; a child of ours that is not waited for yet.</param>
    /// <param name="networks">Who may come.</param>
    /// <exception cref="PosixException">It is not allowed, or there are more networks than the kernel takes.</exception>
    public static void Set(int process, IReadOnlyList<IPNetwork> networks)
    {
        SocketFilter[] program = Compile(networks);
        int pid = PidFdOpen(process);
        Require(pid, "pidfd_open", process);
        using var handle = new SafeFileHandle(pid, ownsHandle: true);
        foreach (string entry in Directory.GetFiles(ProcPath(process, "fd")))
        {
            if (File.ResolveLinkTarget(entry, returnFinalTarget: false)?.Name.StartsWith("socket:", StringComparison.Ordinal) == true)
            {
                int copy = PidFdGetFd(pid, int.Parse(Path.GetFileName(entry), CultureInfo.InvariantCulture));
                Require(copy, "pidfd_getfd", process);
                using var socket = new SafeFileHandle(copy, ownsHandle: true);
                if (OptionOf(copy, SO_ACCEPTCONN) == 1 && OptionOf(copy, SO_DOMAIN) is AF_INET or AF_INET6)
                {
                    Attach(copy, program, process);
                }
            }
        }
    }

    /// <summary>Who is connected to a port of a process' network already and is in none of the networks; null for nobody. To be asked after <see cref="Set"/>: nobody comes after that.</summary>
    public static IPAddress? FindStranger(int process, int port, IReadOnlyList<IPNetwork> networks) =>
        Connections.Select(table => ProcPath(process, table)).Where(File.Exists).SelectMany(path => File.ReadLines(path).Skip(1))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => PortOf(fields[1]) == port && fields[3] is (Established or Arriving))
            .Select(fields => AddressOf(fields[2]))
            .FirstOrDefault(address => !networks.Any(network => network.Contains(address)));

    /// <summary>The program: all of a packet when its sender is in one of the networks, else nothing of it.</summary>
    internal static SocketFilter[] Compile(IReadOnlyList<IPNetwork> networks)
    {
        var version4 = new List<SocketFilter>();
        var version6 = new List<SocketFilter>();
        Load(version4, offset: 12, words: 1);
        Load(version6, offset: 8, words: 4);
        foreach (IPNetwork network in networks)
        {
            Test(network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? version4 : version6, network);
        }

        version4.Add(new SocketFilter(Return, 0));
        version6.Add(new SocketFilter(Return, 0));
        return
        [
            new SocketFilter(LoadByte, IpHeader), new SocketFilter(ShiftRight, 4),
            new SocketFilter(IfEqual, 4) { Then = 3 }, new SocketFilter(IfEqual, 6) { Then = 1 }, new SocketFilter(Return, 0), // A condition skips at most 255.
            new SocketFilter(Jump, (uint)version4.Count),
            .. version4,
            .. version6,
        ];
    }

    /// <summary>Loads the sender's address, and keeps its words.</summary>
    private static void Load(List<SocketFilter> program, uint offset, uint words)
    {
        for (uint i = 0; i < words; i++)
        {
            program.Add(new SocketFilter(LoadWord, IpHeader + offset + (4 * i)));
            program.Add(new SocketFilter(Keep, i));
        }
    }

    /// <summary>Ends the program when the address is in the network.</summary>
    private static void Test(List<SocketFilter> program, IPNetwork network)
    {
        byte[] address = network.BaseAddress.GetAddressBytes();
        var words = new List<SocketFilter[]>();
        for (int bit = 0; bit < network.PrefixLength; bit += 32)
        {
            uint word = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(address.AsSpan(bit / 8));
            int length = Math.Min(32, network.PrefixLength - bit);
            SocketFilter load = new(LoadKept, (uint)bit / 32);
            words.Add(length == 32 ? [load, new SocketFilter(IfEqual, word)] : [load, new SocketFilter(And, uint.MaxValue << (32 - length)), new SocketFilter(IfEqual, word)]);
        }

        int left = words.Sum(word => word.Length) + 1;
        foreach (SocketFilter[] word in words)
        {
            left -= word.Length;
            program.AddRange([.. word[..^1], word[^1] with { Otherwise = (byte)left }]);
        }

        program.Add(new SocketFilter(Return, AllBytes));
    }

    private static unsafe void Attach(int socket, SocketFilter[] program, int process)
    {
        fixed (SocketFilter* first = program)
        {
            var attached = new SocketFilterProgram { Length = checked((ushort)program.Length), Filters = first };
            Require(SetSocketOption(socket, SOL_SOCKET, SO_ATTACH_FILTER, &attached, (uint)sizeof(SocketFilterProgram)), "SO_ATTACH_FILTER", process);
        }
    }

    private static unsafe int OptionOf(int socket, int option)
    {
        int value;
        uint length = sizeof(int);
        return GetSocketOption(socket, SOL_SOCKET, option, &value, &length) < 0 ? -1 : value;
    }

    private static string ProcPath(int process, string name) => string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/{name}");

    private static int PortOf(string endPoint) => int.Parse(endPoint.AsSpan(endPoint.IndexOf(':', StringComparison.Ordinal) + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>Words of an address are there as this machine has them in memory.</summary>
    private static IPAddress AddressOf(string endPoint)
    {
        byte[] bytes = Convert.FromHexString(endPoint.AsSpan(0, endPoint.IndexOf(':', StringComparison.Ordinal)));
        if (BitConverter.IsLittleEndian)
        {
            for (int i = 0; i < bytes.Length; i += 4)
            {
                bytes.AsSpan(i, 4).Reverse();
            }
        }

        var address = new IPAddress(bytes);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static void Require(int result, string operation, int process)
    {
        if (result < 0)
        {
            throw PosixException.Last(operation, string.Create(CultureInfo.InvariantCulture, $"process {process}"));
        }
    }
}
