namespace VProtect.Abstractions;

/// <summary>
/// Stable numbers of what can go wrong. Numbers only grow and are never reused; ranges by area: mover 2000,
/// connectors 3000, catalog 4000, server 5000, node 6000. (NBD errors carry their own kind.)
/// </summary>
public enum ErrorCode
{
    /// <summary>No code has been given.</summary>
    Unknown = 0,

    /// <summary>An argument or option is wrong; the message names it.</summary>
    InvalidArgument = 2001,

    /// <summary>The source cannot be opened or does not exist.</summary>
    SourceUnavailable = 2010,

    /// <summary>The source failed while it was read.</summary>
    SourceReadFailed = 2011,

    /// <summary>The restore target cannot be opened or is unfit (size, kind, exists already).</summary>
    TargetUnavailable = 2020,

    /// <summary>The restore target failed while it was written.</summary>
    TargetWriteFailed = 2021,

    /// <summary>There is no repository at the given place.</summary>
    RepositoryNotFound = 2100,

    /// <summary>A repository exists already where one was to be made.</summary>
    RepositoryExists = 2101,

    /// <summary>The repository was written by a newer version or uses a feature this version does not know.</summary>
    RepositoryTooNew = 2102,

    /// <summary>What lies there is not a repository, or its first object is damaged.</summary>
    RepositoryInvalid = 2103,

    /// <summary>No key slot opens with the given pass phrase or key.</summary>
    WrongKey = 2104,

    /// <summary>No pass phrase or key file was given and the repository is encrypted.</summary>
    KeyRequired = 2105,

    /// <summary>The restore point does not exist, or the given prefix is not unique.</summary>
    RestorePointNotFound = 2110,

    /// <summary>The restore point is held and may not be forgotten.</summary>
    RestorePointHeld = 2111,

    /// <summary>This process's lease was broken by a collector, because it was taken for dead.</summary>
    LeaseBroken = 2120,

    /// <summary>The destination is full, or its reserve would be used.</summary>
    StoreFull = 2200,

    /// <summary>The destination may not be written (permission, read-only).</summary>
    StoreDenied = 2201,

    /// <summary>The destination failed in another way.</summary>
    StoreFailed = 2202,

    /// <summary>An object that must exist is missing from the repository.</summary>
    ObjectMissing = 2300,

    /// <summary>Stored bytes are not what was written: hash, tag or structure do not match.</summary>
    DataCorrupt = 2301,

    /// <summary>A file is no overlay, or is damaged.</summary>
    OverlayInvalid = 2400,

    /// <summary>An overlay is of another disk or restore point.</summary>
    OverlayMismatch = 2401,

    /// <summary>An overlay's file failed.</summary>
    OverlayFailed = 2402,

    /// <summary>The file system of an overlay is full.</summary>
    OverlayFull = 2403,

    /// <summary>An overlay is in use by another mount.</summary>
    OverlayInUse = 2404,

    /// <summary>Disks cannot be served over iSCSI.</summary>
    IscsiFailed = 2410,

    /// <summary>Files of a restore point were asked for that are not there, or cannot be had here.</summary>
    GuestFilesRefused = 2420,

    /// <summary>What reads a restore point's file systems failed: one of them is damaged, or hostile.</summary>
    GuestFilesBroken = 2421,

    /// <summary>The platform cannot be reached or refuses to be used.</summary>
    PlatformUnavailable = 3001,

    /// <summary>The platform refused the credentials, or they lack a privilege, which the message names.</summary>
    PlatformDenied = 3002,

    /// <summary>The platform failed in an operation.</summary>
    PlatformFailed = 3003,

    /// <summary>The platform, or this machine on it, cannot do what was asked.</summary>
    NotSupported = 3004,

    /// <summary>There is no such machine, disk or snapshot on the platform.</summary>
    MachineNotFound = 3010,

    /// <summary>Something else is at work on the machine: another backup job, a migration.</summary>
    MachineBusy = 3011,

    /// <summary>Guest file systems could not be frozen and the policy requires it.</summary>
    QuiesceFailed = 3012,

    /// <summary>A row of the catalog was changed by somebody else in the meantime.</summary>
    CatalogConflict = 4001,

    /// <summary>A row of the catalog does not exist.</summary>
    CatalogNotFound = 4002,

    /// <summary>A row of the catalog is still referred to, or refers to one that is not there.</summary>
    CatalogInUse = 4003,

    /// <summary>A name or key exists already in the catalog.</summary>
    CatalogDuplicate = 4004,

    /// <summary>A value is not allowed in the catalog.</summary>
    CatalogInvalid = 4005,

    /// <summary>The catalog is locked by other work.</summary>
    CatalogBusy = 4006,

    /// <summary>The catalog was written by a newer program.</summary>
    CatalogTooNew = 4010,

    /// <summary>The catalog's file is damaged or is none.</summary>
    CatalogDamaged = 4011,

    /// <summary>The catalog's database cannot be reached, opened or written.</summary>
    CatalogUnavailable = 4012,

    /// <summary>A node acted on a task that is not its own any more.</summary>
    TaskLeaseLost = 4020,

    /// <summary>An idempotency key was used before for another request.</summary>
    IdempotencyMismatch = 4021,

    /// <summary>The chunk index failed or is held by another process.</summary>
    IndexFailed = 4100,

    /// <summary>The request carries no session or token that is valid.</summary>
    Unauthenticated = 5001,

    /// <summary>The caller may not do this.</summary>
    Forbidden = 5002,

    /// <summary>A request of a cookie session that changes something lacks the CSRF token, or has a wrong one.</summary>
    CsrfRefused = 5003,

    /// <summary>Login and password do not belong together, or the user may not log in.</summary>
    LoginRefused = 5004,

    /// <summary>Too many failed logins; the answer tells how long to wait.</summary>
    LoginTooOften = 5005,

    /// <summary>The password was made by somebody else and must be changed first.</summary>
    PasswordChangeRequired = 5006,

    /// <summary>The password is right, and the user also has a second factor: send the code as well.</summary>
    SecondFactorRequired = 5007,

    /// <summary>There is no such address in the API, or it does not know the verb.</summary>
    NoSuchEndpoint = 5010,

    /// <summary>The request is larger than allowed.</summary>
    RequestTooLarge = 5011,

    /// <summary>The body is of a kind that is not understood.</summary>
    MediaTypeRefused = 5012,

    /// <summary>An option of the server is wrong; the message names its key.</summary>
    OptionInvalid = 5020,

    /// <summary>A sealed secret cannot be opened: another key, or changed bytes.</summary>
    SecretUnreadable = 5021,

    /// <summary>No node took the work, or it did not answer in time.</summary>
    NoNode = 5100,

    /// <summary>A task lacks what it needs: its machine, destination, restore point or platform is gone or not usable.</summary>
    TaskImpossible = 5101,

    /// <summary>A task did not begin within its start window.</summary>
    StartWindowMissed = 5102,

    /// <summary>As many tasks of the run failed as its policy allows; the rest was not begun.</summary>
    RunGivenUp = 5103,

    /// <summary>A task that had to be done first was not done.</summary>
    NeededTaskFailed = 5104,

    /// <summary>A task was interrupted, and cannot or may not begin again.</summary>
    TaskInterrupted = 5105,

    /// <summary>The restore point is not in a state for what was asked.</summary>
    RestorePointUnfit = 5106,

    /// <summary>The task is not in a state for what was asked.</summary>
    TaskUnfit = 5107,

    /// <summary>This appliance was recovered elsewhere, and that one has taken its place: it writes nothing there any more.</summary>
    ApplianceSuperseded = 5108,

    /// <summary>The appliance that this is about has joined this server and is away.</summary>
    ApplianceAway = 5109,

    /// <summary>An appliance that joined a server has as much there as it may.</summary>
    ApplianceFull = 5110,

    /// <summary>The server that a command line speaks to cannot be reached.</summary>
    ServerUnreachable = 5200,

    /// <summary>The server's certificate is neither the pinned one nor vouched for.</summary>
    ServerUntrusted = 5201,

    /// <summary>No server was logged in to, and no token was given.</summary>
    NotLoggedIn = 5202,

    /// <summary>Nothing has this name or guid at the server, or several things have the name.</summary>
    ObjectUnknown = 5203,

    /// <summary>The command line's file of servers cannot be used, or does not have the one that was named.</summary>
    ContextInvalid = 5204,

    /// <summary>What answered is no VProtect server, or one of another kind of version.</summary>
    AnswerInvalid = 5205,

    /// <summary>A command before or after a snapshot failed.</summary>
    HookFailed = 6001,

    /// <summary>A command before or after a snapshot did not end in its time.</summary>
    HookTimedOut = 6002,

    /// <summary>The node was stopped while it worked on the task.</summary>
    NodeStopped = 6003,

    /// <summary>The node has no connector for the platform.</summary>
    PlatformNotServed = 6004,

    /// <summary>Nothing may be restored into this directory.</summary>
    RestorePlaceRefused = 6005,

    /// <summary>The node does not know this kind of work.</summary>
    WorkNotKnown = 6006,

    /// <summary>The node cannot keep its temporary work where its configuration says.</summary>
    WorkPlaceUnusable = 6007,
}
