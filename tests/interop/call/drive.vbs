' What a script can do with OpenMSP.Address: address, call, streams with For Each, Start, Pause, Stop;
' names in any case, arguments as variables (ByRef) and as values, errors as Err.Number. Prints a line
' for each check, "ok" or "not ok", and "done".
'
'   cscript drive.vbs LISTEN PEER PLAY.wav RECORD.wav
Option Explicit

Const TAPI_E_INVALIDTERMINALCLASS = &H8004003C
Const TAPI_E_NOTSUPPORTED = &H80040003
Const E_INVALIDARG = &H80070057
Const E_NOTIMPL = &H80004001
Const PlayerClass = "{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}"
Const RecorderClass = "{521F3D06-C3D0-4511-8617-86B9A783DA77}"

Sub Check(what, got, expected)
    If got = expected Then
        WScript.Echo "ok: " & what
    Else
        WScript.Echo "not ok: " & what & ": " & got & ", not " & expected
    End If
End Sub

' Waits until the call has heard so many packets; Wine's script host cannot sleep.
Function Heard(theCall, packets)
    Dim finish
    finish = Timer + 60
    Do While theCall.Statistics.PacketsReceived < packets And Timer < finish
    Loop
    Heard = theCall.Statistics.PacketsReceived >= packets
End Function

Dim address, theCall, video, stream, capture, render, player, recorder, track, count, item, statistics
Dim mediaType, direction, className, listen, peer, payloadType, number, collection

' --- address
Set address = CreateObject("OpenMSP.Address")
Check "version", Left(address.Version, 2), "0."
address.open
className = PlayerClass
mediaType = 8
direction = 0

' --- call
Set theCall = aDDress.cReAtEcALl(mediaType)
listen = WScript.Arguments(0)
theCall.LISTEN listen
Check "local address", theCall.localADDRESS, listen
Check "sid", Left(theCall.Sid, 2) & Len(theCall.sid), "CA34"
Check "media types", theCall.MediaTypes, 8
Check "state before the peer", theCall.State, 0
theCall.PacketTime = 20
Check "packet time", theCall.PacketTime, 20
theCall.Codecs = "pcma, pcmu"
Check "codecs", theCall.Codecs, "PCMA,PCMU"
On Error Resume Next
theCall.Codecs = "g729"
number = Err.Number
Err.Clear
On Error GoTo 0
Check "an unknown codec is refused", number <> 0, True

' --- streams
count = 0
For Each stream In theCall.Streams
    count = count + 1
    Check "stream " & count & " is audio", stream.MEDIATYPE, 8
    If stream.Direction = 0 Then Set capture = stream
    If stream.Direction = 1 Then Set render = stream
Next
Check "two streams", count, 2
Set collection = theCall.streams
Check "Count", collection.Count, 2
Check "Item by number", collection.Item(1).Direction, 0
Check "the default member", collection(2).Direction, 1
Check "nothing selected", render.Terminals.Count, 0

' --- terminals, by reference and by value
Set player = address.createTerminal(className, mediaType, direction)
player.PlayList = WScript.Arguments(2)
Check "class of the player", player.TerminalClass, PlayerClass
count = 0
For Each item In player.TrackTerminals
    capture.SelectTerminal item
    count = count + 1
Next
Check "one track", count, 1
Set recorder = address.CreateTerminal(RecorderClass, 8, 1)
recorder.FileName = WScript.Arguments(3)
Set track = recorder.CreateTrackTerminal(8, 1)
render.selectterminal track
Check "selected", render.Terminals.Count, 1
Check "the terminal selected", render.Terminals.Item(1).Direction, 1

On Error Resume Next
address.CreateTerminal "{00000000-0000-0000-0000-000000000001}", 8, 1
Check "an unknown class", Err.Number, TAPI_E_INVALIDTERMINALCLASS
Err.Clear
address.CreateTerminal "no class", 8, 1
Check "no class at all", Err.Number, E_INVALIDARG
Err.Clear
theCall.SetPeer "no address", 0
Check "no address", Err.Number, E_INVALIDARG
Err.Clear
On Error GoTo 0

' --- media
recorder.start
player.START
peer = WScript.Arguments(1)
payloadType = 0
theCall.setPEER peer, payloadType
Check "state with the peer", theCall.State, 2
Check "media arrives", Heard(theCall, 20), True
render.pausestream
render.PauseStream
render.StopStream
render.STARTSTREAM
For Each stream In theCall.Streams
    stream.PauseStream
    stream.StartStream
    stream.StopStream
    stream.StopStream
    stream.StartStream
Next
Check "and again", Heard(theCall, theCall.Statistics.PacketsReceived + 20), True
Set statistics = theCall.Statistics
Check "codec", statistics.Codec, "PCMU"
Check "nothing rejected", statistics.PacketsRejected, 0
recorder.Stop
player.Stop
render.UnselectTerminal track
Check "unselected", render.Terminals.Count, 0

' --- video is not implemented, and can be told so
Set video = address.CreateCall(32768)
For Each stream In video.Streams
    On Error Resume Next
    stream.StartStream
    Check "video", Err.Number, E_NOTIMPL
    Err.Clear
    On Error GoTo 0
Next
video.Close

Check "calls", address.Calls.Count, 1
theCall.Disconnect
Check "state at the end", theCall.State, 3
theCall.Close
Check "no calls", address.Calls.Count, 0
address.Close
WScript.Echo "done"
