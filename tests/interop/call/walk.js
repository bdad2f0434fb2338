// The same walk from JScript, shorter: collections by Enumerator and by number, members in any case, an
// error's number, objects as arguments.
//
//   cscript walk.js PLAY.wav
function check(what, got, expected) {
    WScript.Echo(got === expected ? "ok: " + what : "not ok: " + what + ": " + got + ", not " + expected);
}
function failure(what) {
    try {
        what();
    } catch (error) {
        return error.number;
    }
    return 0;
}
function list(collection) {
    var all = [];
    for (var each = new Enumerator(collection); !each.atEnd(); each.moveNext()) all.push(each.item());
    check("Count", collection.Count, all.length);
    check("nothing before the first", failure(function () { collection.Item(0); }), -2147024809);
    check("nothing behind the last", failure(function () { collection.Item(all.length + 1); }), -2147024809);
    return all;
}

var address = new ActiveXObject("OpenMSP.Address");
address.Open();
var classes = list(address.DynamicTerminalClasses);
for (var i = 0; i < classes.length; i++) check("a class", /^\{[0-9A-F-]{36}\}$/.test(classes[i]), true);
list(address.StaticTerminals);
var superclasses = list(address.PluggableSuperclasses);
for (i = 0; i < superclasses.length; i++) list(address.PluggableTerminalClasses(superclasses[i].CLSID, 8));

var call = address.CreateCall(8);
var streams = list(call.Streams);
check("two streams", streams.length, 2);
check("the first is capture", streams[0].Direction, 0);
check("the second is render", streams[1].Direction, 1);
var player = address.CreateTerminal("{0CB9914C-79CD-47DC-ADB0-327F47CEFB20}", 8, 0);
player.PlayList = WScript.Arguments(0);
var tracks = list(player.TrackTerminals);
check("one track", tracks.length, 1);
streams[0].SelectTerminal(tracks[0]);
check("it is selected", list(streams[0].Terminals).length, 1);
check("twice is a failure", failure(function () { streams[0].SelectTerminal(tracks[0]); }), -2147221445);
check("elsewhere is one", failure(function () { streams[1].SelectTerminal(tracks[0]); }), -2147221445);
check("nothing is one", failure(function () { streams[0].SelectTerminal(null); }) !== 0, true);
streams[0].UnselectTerminal(tracks[0]);
check("it is not selected", list(streams[0].Terminals).length, 0);
player.Start();
check("active", player.MediaState, 1);
player.Stop();
call.Close();
check("a closed call has no streams", failure(function () { return call.Streams; }), -2147418113);
address.Close();
WScript.Echo("done");
