// The same door from JScript: address, call, streams by Enumerator, Start, Pause, Stop.
//
//   cscript drive.js LISTEN PEER
function check(what, got, expected) {
    WScript.Echo(got === expected ? "ok: " + what : "not ok: " + what + ": " + got + ", not " + expected);
}

var address = new ActiveXObject("OpenMSP.Address");
address.Open();
var call = address.CreateCall(8);
call.Listen(WScript.Arguments(0));
check("local address", call.LocalAddress, WScript.Arguments(0));
var directions = [];
for (var streams = new Enumerator(call.Streams); !streams.atEnd(); streams.moveNext()) {
    var stream = streams.item();
    directions.push(stream.Direction);
    stream.StopStream();
    stream.PauseStream();
    stream.StartStream();
}
check("streams", directions.join(), "0,1");
call.SetPeer(WScript.Arguments(1), 8);
check("state", call.State, 2);
check("codec", call.Statistics.Codec, "PCMA");
var number = 0;
try {
    call.SetPeer("nowhere", 0);
} catch (error) {
    number = error.number;
}
check("a bad address is an exception", number, -2147024809); // E_INVALIDARG
call.Close();
address.Close();
WScript.Echo("done");
