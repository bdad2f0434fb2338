' A script walks everything that it can reach from an address: collections with For Each and by number,
' names in any case, arguments as values, as variables (by reference) and as elements of arrays, and every
' member that scripts can use. Prints "ok" or "not ok" for each check, then "done".
'
'   cscript walk.vbs PLAY.wav RECORD.wav
Option Explicit

Const TAPI_E_NOITEMS = &H80040002
Const TAPI_E_NOTSUPPORTED = &H80040003
Const TAPI_E_INVALIDTERMINAL = &H8004003B
Const TAPI_E_MAXSTREAMS = &H8004003E
Const TAPI_E_WRONG_STATE = &H80040058
Const E_INVALIDARG = &H80070057
Const PlayerClass = "{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}"
Const RecorderClass = "{521F3D06-C3D0-4511-8617-86B9A783DA77}"
Const TrackClass = "{BF14A2E4-E88B-4EF5-9740-5AC5D022F8C9}"
Const WebSocketClass = "{017C9E82-9045-492A-8565-3012E9FFA1FD}"
Const FileSuperclass = "{B4790031-56DB-4D3E-88C8-6FFAAFA08A91}"

Sub Check(what, got, expected)
    If got = expected Then
        WScript.Echo "ok: " & what
    Else
        WScript.Echo "not ok: " & what & ": " & got & ", not " & expected
    End If
End Sub

' The number of the last error, which is forgotten.
Function Failed()
    Failed = Err.Number
    Err.Clear
End Function

' By number, by For Each and by the default member; outside there is nothing.
Sub WalkCollection(what, collection, objects)
    Dim element, count, number
    count = 0
    For Each element In collection
        count = count + 1
        Check what & ": " & count & " is an object or not", IsObject(element), objects
        If Not objects Then Check what & ": by number", collection.iTEM(count), element
        If Not objects Then Check what & ": by the default member", collection(count), element
    Next
    Check what & ": Count", collection.COUNT, count
    On Error Resume Next
    Set element = Nothing
    number = 0
    element = collection.Item(0)
    Check what & ": nothing before the first", Failed(), E_INVALIDARG
    element = collection.Item(count + 1)
    Check what & ": nothing behind the last", Failed(), E_INVALIDARG
    collection.Add 1, element
    Check what & ": read only", Failed() <> 0, True
    On Error GoTo 0
End Sub

Sub CheckTerminal(what, terminal, terminalClass, direction)
    Check what & ": has a name", Len(terminal.NAME) > 0, True
    Check what & ": State", terminal.state, 1
    Check what & ": TerminalType", terminal.TERMINALtype, 1
    Check what & ": TerminalClass", terminal.terminalclass, terminalClass
    Check what & ": MediaType has audio", (terminal.MediaTYPE And 8), 8
    Check what & ": Direction", terminal.DIRECTION, direction
End Sub

Dim address, theCall, stream, capture, render, player, recorder, track, item, format, terminal, socket
Dim superclass, pluggable, mediaType, direction, className, arguments(2), list(0), text, number, count

Set address = CreateObject("OpenMSP.Address")
address.OPEN

' --- terminals of the address
WalkCollection "StaticTerminals", address.staticTERMINALS, True
WalkCollection "DynamicTerminalClasses", address.DynamicTerminalClasses, False
For Each text In address.dynamicterminalclasses
    Check "class " & text & " in braces, upper case", Left(text, 1) & Right(text, 1) & UCase(text), "{}" & text
Next
WalkCollection "PluggableSuperclasses", address.pluggableSUPERclasses, True
For Each superclass In address.PluggableSuperclasses
    Check "superclass has a name", Len(superclass.NAME) > 0, True
    Check "superclass has a class", Len(superclass.clsid), 38
    className = superclass.CLSID
    mediaType = 8
    For Each pluggable In address.pluggableTerminalClasses(className, mediaType)
        Check "pluggable class has a name", Len(pluggable.name) > 0, True
        Check "pluggable class has classes", Len(pluggable.TERMINALCLASS) & Len(pluggable.clsid), "3838"
        Check "pluggable class has a direction", pluggable.Direction >= 0, True
        Check "pluggable class has media", pluggable.mediatypes <> 0, True
        Check "pluggable class has company and version", TypeName(pluggable.COMPANY) & TypeName(pluggable.version), "StringString"
    Next
Next
WalkCollection "PluggableTerminalClasses", address.PluggableTerminalClasses(FileSuperclass, 8), True
mediaType = 8
For direction = 0 To 1
    On Error Resume Next
    Set terminal = Nothing
    Set terminal = address.getDEFAULTstaticTerminal(mediaType, direction)
    number = Failed()
    On Error GoTo 0
    If terminal Is Nothing Then
        Check "no default device is a failure", number, TAPI_E_NOITEMS
    Else
        Check "the default device's direction", terminal.Direction, direction
        Check "the default device is static", terminal.TerminalType, 0
    End If
Next

' --- a call
Set theCall = address.CreateCall(mediaType)
WalkCollection "Streams", theCall.STREAMS, True
WalkCollection "Calls", address.calls, True
Check "CallState", theCall.callstate, 0
Check "Privilege", theCall.PRIVILEGE, 0
Check "CallInfoLong", theCall.CallInfoLong(0), 8
Check "CallInfoString", theCall.callinfostring(11), theCall.SID
theCall.mediaTIMEOUT = 7000
Check "MediaTimeout", theCall.MediaTimeout, 7000
Check "LocalDescription", Left(theCall.localdescription, 3), "v=0"
Check "MSPAddress", theCall.mspaddress.Calls.Count, 1
For Each stream In theCall.Streams
    Check "a stream has a name", Len(stream.NAME) > 0, True
    If stream.direction = 0 Then Set capture = stream Else Set render = stream
    WalkCollection "Terminals", stream.TERMINALS, True
Next
On Error Resume Next
direction = 1
theCall.createSTREAM mediaType, direction
Check "CreateStream", Failed(), TAPI_E_MAXSTREAMS
theCall.removeSTREAM render
Check "RemoveStream", Failed(), TAPI_E_NOTSUPPORTED
theCall.NoSuchThing
Check "no such member", Failed(), 438
On Error GoTo 0

' --- a player; the arguments are elements of an array
arguments(0) = PlayerClass
arguments(1) = 8
arguments(2) = 0
Set player = address.CreateTerminal(arguments(0), arguments(1), arguments(2))
CheckTerminal "player", player, PlayerClass, 0
Check "MediaState", player.MEDIASTATE, 0
list(0) = WScript.Arguments(0)
player.playlist = list
text = player.PlayList
Check "PlayList", text(0), WScript.Arguments(0)
WalkCollection "TrackTerminals", player.tracktermINALS, True
Check "MediaTypesInUse", player.mediatypesinuse, 0
Check "DirectionsInUse", player.DIRECTIONSinuse, 4
On Error Resume Next
player.createTRACKterminal 8, 0
Check "a player's tracks come from its file", Failed(), TAPI_E_NOTSUPPORTED
On Error GoTo 0
For Each item In player.TrackTerminals
    Check "a track's class", Len(item.terminalclass), 38
    Check "a track's parent", item.controllingTERMINAL.TerminalClass, PlayerClass
    Check "a track's format", item.audioformatforscripting.SamplesPerSec, 8000
    capture.SelectTerminal item
    On Error Resume Next
    capture.SELECTTERMINAL item
    Check "selected once", Failed(), TAPI_E_INVALIDTERMINAL
    On Error GoTo 0
    capture.unselectterminal item
Next

' --- a recorder, and its track's format
Set recorder = address.CREATETERMINAL(RecorderClass, 8, 1)
CheckTerminal "recorder", recorder, RecorderClass, 1
recorder.FILENAME = WScript.Arguments(1)
Check "FileName", recorder.filename, WScript.Arguments(1)
mediaType = 8
direction = 1
Set track = recorder.createTrackTerminal(mediaType, direction)
CheckTerminal "track", track, TrackClass, 1
Set format = track.emptyAUDIOFORMATforscripting
Check "an empty format", format.channels + format.SAMPLESPERSEC + format.avgbytespersec + format.blockalign + format.bitspersample + format.formattag, 0
format.FormatTag = 7
format.CHANNELS = 1
format.samplesPERsec = 8000
format.BitsPerSample = 8
format.blockALIGN = 1
format.AvgBytesPerSec = 8000
Set track.audioFormatForScripting = format
Check "the format is taken", track.AudioFormatForScripting.formatTAG, 7
Check "the parent", track.ControllingTerminal.FileName, WScript.Arguments(1)
render.SelectTerminal track
On Error Resume Next
recorder.PAUSE
Check "an idle recorder cannot pause", Failed(), TAPI_E_WRONG_STATE
On Error GoTo 0
recorder.START
Check "it records", recorder.mediastate, 1
recorder.pause
Check "it pauses", recorder.MediaState, 2
recorder.sTOP
Check "it stops", recorder.MediaState, 0
render.UnselectTerminal track
recorder.removeTRACKterminal track
Check "no track any more", recorder.TrackTerminals.Count, 0

' --- a WebSocket terminal
Set socket = address.CreateTerminal(WebSocketClass, 8, 2)
socket.URL = "ws://127.0.0.1:1/media"
Check "Url", socket.url, "ws://127.0.0.1:1/media"
socket.streamNAME = "walk"
Check "StreamName", socket.StreamName, "walk"
socket.addparameter "name", "value"
Check "StatusCallbackMethod", Len(socket.statuscallbackmethod) >= 0, True
On Error Resume Next
Set item = Nothing
Set item = socket.mediastream
Check "MediaStream is there while it is selected", Failed() <> 0 Or item Is Nothing, True
On Error GoTo 0

' --- media streams of a call, of which there are none
WalkCollection "MediaStreams", theCall.mediaSTREAMS, True
On Error Resume Next
theCall.executeTWIML "this is none"
Check "ExecuteTwiML", Failed() <> 0, True
On Error GoTo 0
Check "Statistics", theCall.STATISTICS.packetsreceived + theCall.Statistics.PACKETSLOST, 0

theCall.CLOSE
Check "Calls of the address", address.Calls.COUNT, 0
address.close
WScript.Echo "done"
