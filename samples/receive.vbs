' Receives a call into a WAV file, from a script that knows nothing but "OpenMSP.Address".
' openmsp.dll is registered (regsvr32 openmsp.dll).
'
'   cscript receive.vbs 127.0.0.1:30000 127.0.0.1:30002 heard.wav 5
'
' listens on the first address, expects PCMU from the second (and sends there what a playback terminal
' would give), records for so many seconds, with a stop and a restart of the stream in the middle.
Option Explicit

Const TAPIMEDIATYPE_AUDIO = 8
Const TD_RENDER = 1
Const FileRecordingTerminal = "{521F3D06-C3D0-4511-8617-86B9A783DA77}"

If WScript.Arguments.Count <> 4 Then
    WScript.Echo "usage: receive.vbs LISTEN PEER FILE.wav SECONDS"
    WScript.Quit 2
End If

' Wine's script host cannot sleep.
Sub Pause(milliseconds)
    Dim finish
    On Error Resume Next
    WScript.Sleep milliseconds
    If Err.Number <> 0 Then
        finish = Timer + milliseconds / 1000
        Do While Timer < finish
        Loop
    End If
End Sub

Dim address, theCall, stream, render, recorder, track, statistics, half
Set address = CreateObject("OpenMSP.Address")
WScript.Echo "OpenMSP " & address.Version
address.Open

Set theCall = address.CreateCall(TAPIMEDIATYPE_AUDIO)
theCall.Listen WScript.Arguments(0)
WScript.Echo "call " & theCall.Sid & " at " & theCall.LocalAddress

For Each stream In theCall.Streams
    WScript.Echo "stream " & stream.Name & ", direction " & stream.Direction
    If stream.Direction = TD_RENDER Then Set render = stream
Next

Set recorder = address.CreateTerminal(FileRecordingTerminal, TAPIMEDIATYPE_AUDIO, TD_RENDER)
recorder.FileName = WScript.Arguments(2)
Set track = recorder.CreateTrackTerminal(TAPIMEDIATYPE_AUDIO, TD_RENDER)
render.SelectTerminal track
recorder.Start

half = CLng(WScript.Arguments(3)) * 500
theCall.SetPeer WScript.Arguments(1), 0
Pause half
render.PauseStream
render.StopStream
render.StartStream
Pause half

Set statistics = theCall.Statistics
WScript.Echo "packets " & statistics.PacketsReceived & ", lost " & statistics.PacketsLost
recorder.Stop
theCall.Close
address.Close
WScript.Echo "done"
