import socket,time,select
cs=[]
for i in range(200):
    s=socket.create_connection(("127.0.0.1",45998)); s.send(b"hello\n"); cs.append(s)
time.sleep(2)
r,_,_=select.select(cs,[],[],0); print("answered", len(r))
for s in r: s.close()
cs=[s for s in cs if s not in r]
t=time.time(); n=len(r)
while cs and time.time()-t<8:
    r,_,_=select.select(cs,[],[],1)
    for s in r: assert s.recv(6)==b"hello\n"; s.close(); cs.remove(s); n+=1
print("total",n, time.time()-t)
