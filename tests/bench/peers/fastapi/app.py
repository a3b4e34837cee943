"""The same service in Python: FastAPI, SQLAlchemy (asynchronous) over asyncpg, python-jose.

    DATABASE_URL=postgresql+asyncpg://... JWT_SECRET=... uvicorn app:app --workers 2 --no-access-log

Something to measure against, written as its manuals teach it; not something to run.
"""
import datetime
import hashlib
import os
import time

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from jose import JWTError, jwt
from pydantic import BaseModel
from sqlalchemy import BigInteger, Column, Date, DateTime, ForeignKey, Text, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import declarative_base, sessionmaker

SECRET = os.environ["JWT_SECRET"]
RANKING_LASTS = 300  # seconds

engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=16, max_overflow=0)
new_session = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
Table = declarative_base()


class User(Table):
    __tablename__ = "users"
    id = Column(BigInteger, primary_key=True)
    username = Column(Text, nullable=False, unique=True)
    password = Column(Text, nullable=False)


class Movie(Table):
    __tablename__ = "movies"
    id = Column(BigInteger, primary_key=True)
    title = Column(Text, nullable=False)
    year = Column(BigInteger)


class Vote(Table):
    __tablename__ = "votes"
    user_id = Column(BigInteger, ForeignKey("users.id"), primary_key=True)
    month = Column(Date, primary_key=True)
    movie_id = Column(BigInteger, ForeignKey("movies.id"), nullable=False)
    voted_at = Column(DateTime(timezone=True), server_default=func.now())


class Account(BaseModel):
    username: str
    password: str


app = FastAPI()
bearer = OAuth2PasswordBearer(tokenUrl="token")
ranking = {"items": None, "made_at": 0.0}


async def database():
    async with new_session() as session:
        yield session


async def voter(token: str = Depends(bearer)) -> int:
    try:
        return int(jwt.decode(token, SECRET, algorithms=["HS256"])["sub"])
    except (JWTError, KeyError, ValueError):
        raise HTTPException(401, "not a token of ours", {"WWW-Authenticate": "Bearer"})


def hashed(account) -> str:
    return hashlib.scrypt(account.password.encode(), salt=account.username.encode(), n=4096, r=8, p=1).hex()


def film(movie: Movie) -> dict:
    return {"id": movie.id, "title": movie.title, "year": movie.year}


def tell(user_id: int, movie_id: int) -> None:
    """Where a notification would be sent."""


@app.post("/signup", status_code=201)
async def sign_up(account: Account, db: AsyncSession = Depends(database)):
    user = User(username=account.username, password=hashed(account))
    db.add(user)
    try:
        await db.commit()
    except IntegrityError:
        raise HTTPException(409, "this name is taken")
    return {"id": user.id, "username": user.username}


@app.post("/token")
async def sign_in(form: OAuth2PasswordRequestForm = Depends(), db: AsyncSession = Depends(database)):
    user = (await db.execute(select(User).where(User.username == form.username))).scalar_one_or_none()
    if user is None or user.password != hashed(form):
        raise HTTPException(401, "wrong name or password")
    claims = {"sub": str(user.id), "exp": int(time.time()) + 3600}
    return {"access_token": jwt.encode(claims, SECRET, algorithm="HS256"), "token_type": "bearer"}


@app.get("/movies")
async def page(limit: int = 20, after: int = 0, db: AsyncSession = Depends(database)):
    found = await db.execute(select(Movie).where(Movie.id > after).order_by(Movie.id).limit(limit))
    return {"items": [film(movie) for movie in found.scalars()]}


@app.get("/movies/top")
async def top(limit: int = 10, db: AsyncSession = Depends(database)):
    if ranking["items"] is None or time.monotonic() - ranking["made_at"] > RANKING_LASTS:
        votes = func.count().label("votes")
        counted = (select(Movie.id, Movie.title, Movie.year, votes).join(Vote, Vote.movie_id == Movie.id)
                   .group_by(Movie.id).order_by(votes.desc(), Movie.id).limit(limit))
        ranking["items"] = [{"rank": rank, **row._mapping} for rank, row in enumerate(await db.execute(counted), 1)]
        ranking["made_at"] = time.monotonic()
    return {"items": ranking["items"]}


@app.get("/movies/{movie_id}")
async def one(movie_id: int, db: AsyncSession = Depends(database)):
    movie = await db.get(Movie, movie_id)
    if movie is None:
        raise HTTPException(404, "no such film")
    return film(movie)


@app.post("/vote/{movie_id}", status_code=201)
async def vote(movie_id: int, later: BackgroundTasks, user_id: int = Depends(voter),
               db: AsyncSession = Depends(database)):
    month = datetime.datetime.utcnow().date().replace(day=1)
    db.add(Vote(user_id=user_id, movie_id=movie_id, month=month))
    try:
        await db.commit()
    except IntegrityError as error:
        known = "votes_pkey" in str(error.orig)
        raise HTTPException(409, "you have voted this month") if known else HTTPException(404, "no such film")
    ranking["items"] = None
    later.add_task(tell, user_id, movie_id)
    return {"movie_id": movie_id, "month": month.strftime("%Y-%m")}
